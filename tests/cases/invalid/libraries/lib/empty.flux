// Nothing.
import "math"
