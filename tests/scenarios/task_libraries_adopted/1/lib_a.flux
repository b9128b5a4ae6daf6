import "date"

a = (x) => x * 2.0
day = date.weekDay(t: now())
