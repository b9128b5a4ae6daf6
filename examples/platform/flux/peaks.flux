// The highest hourly mean of each day.
thin(fn: max)
