// fluxform puts `option task`, `params` and the library before this when it sends the script.
thin(fn: mean)
