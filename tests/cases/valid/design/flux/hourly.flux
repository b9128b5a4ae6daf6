import "math"

from(bucket: params.source)
    |> range(start: -task.every)
    |> aggregateWindow(every: params.window, fn: mean)
    |> map(fn: (r) => ({r with text: "${r._value}"}))
    |> to(bucket: params.target)
