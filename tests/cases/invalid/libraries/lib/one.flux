import "strings"

one = strings.toUpper(v: "a")
