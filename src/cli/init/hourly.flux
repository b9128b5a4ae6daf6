// The mean of each hour. fluxform adds `option task` and `params` when it sends the script.
from(bucket: params.source)
    |> range(start: -2h)
    |> aggregateWindow(every: params.window, fn: mean, createEmpty: false)
    |> to(bucket: params.target)
