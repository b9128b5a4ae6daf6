import m "math"

one = 1
strings = 2
x = (two) => two
