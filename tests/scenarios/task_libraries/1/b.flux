rows() |> limit(n: 1)
