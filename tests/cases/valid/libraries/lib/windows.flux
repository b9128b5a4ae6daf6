// What the windows are.
package windows

import "math"
import "date"

means = (tables=<-) =>
    tables |> aggregateWindow(every: params.window, fn: mean)
