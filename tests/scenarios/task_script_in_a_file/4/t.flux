import "date"

option task = {name: "own", cron: "0 * * * *"}

from(bucket: "_monitoring") |> range(start: date.truncate(t: now(), unit: 1d))
