import "math"

b = (x) => math.floor(x: a(x: x))
