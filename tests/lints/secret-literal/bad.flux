import "slack"

from(bucket: "raw")
    |> range(start: -task.every)
    |> last()
    |> slack.endpoint(token: "xoxb-1234-example")(
        mapFn: (r) => ({channel: "#ops", text: r.host, color: "danger"}),
    )()
