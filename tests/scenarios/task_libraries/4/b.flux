rows() |> limit(n: 2)
