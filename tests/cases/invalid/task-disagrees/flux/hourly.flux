import "math"

option task = {name: "every hour", every: 60m, offset: 10m}

x = 1
