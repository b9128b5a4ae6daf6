import "math"
import s "strings"

one = math.pi
two = s.toLower(v: "b")
