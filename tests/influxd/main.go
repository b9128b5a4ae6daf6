// Command influxd is the real InfluxDB 2.x server that the tests run against, without the UI assets.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/influxdata/influxdb/v2"
	"github.com/influxdata/influxdb/v2/cmd/influxd/launcher"
	_ "github.com/influxdata/influxdb/v2/tsdb/engine/tsm1"
	_ "github.com/influxdata/influxdb/v2/tsdb/index/tsi1"
	"github.com/spf13/viper"
)

func main() {
	influxdb.SetBuildInfo("2.9.1", "test", time.Now().UTC().Format(time.RFC3339))
	cmd, err := launcher.NewInfluxdCommand(context.Background(), viper.New())
	if err == nil {
		err = cmd.Execute()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
