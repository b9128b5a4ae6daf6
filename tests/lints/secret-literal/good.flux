import "slack"
import "influxdata/influxdb/secrets"

from(bucket: "raw")
    |> range(start: -task.every)
    |> last()
    |> slack.endpoint(token: secrets.get(key: "slack-token"))(
        mapFn: (r) => ({channel: "#ops", text: r.host, color: "danger"}),
    )()
