package acts

option task = {name: "a", every: 1h}
params = {a: 1}
data = from(bucket: "b") |> range(start: -1h) |> yield(name: "x")

from(bucket: "b")
    |> range(start: -1h)
    |> yield()

send = (tables=<-) => tables |> to(bucket: "b")
send = 1
