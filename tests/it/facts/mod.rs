//! How InfluxDB 2.x really behaves: measured on the real server, and the same on the embedded one.

mod buckets;
