import "math"

// Another one.
one = 1

x = (