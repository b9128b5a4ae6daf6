package names
import "strings"

RAW = "_monitoring"
upper = (text) => strings.toUpper(v: text)
