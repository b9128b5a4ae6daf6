option task = {name: "other", every: 1h}

check = {_check_name: "own", _type: "threshold"}
