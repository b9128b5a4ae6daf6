import "strings"

RAW = "_monitoring" // what there always is
upper = (text) => strings.toUpper(v: strings.trimSpace(v: text))
