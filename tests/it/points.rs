//! Writing points, and the queries that show whether data is at stake: the same on both servers.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use fluxform::flux::evidence::{self, Reply as Evidence};
use jiff::{Span, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;
use serde_json::json;

use crate::support::{Backend, Http, Reply, Scene, Server, Start, both, real, run};

const EARLIEST: &str = "1677-09-21T00:12:43.145224194Z";
const LATEST: &str = "2262-04-11T23:47:16.854775806Z";

async fn write(scene: &Scene, bucket: &str, lines: &str) -> Reply {
    let path = format!("write?orgID={}&bucket={bucket}", scene.org);
    scene.http.post_text(&path, lines).await
}

async fn query(http: &Http, org: &str, flux: &str) -> Reply {
    let http = http.clone().with_header("content-type", "application/vnd.flux");
    http.post_text(&format!("query?orgID={org}"), flux).await
}

async fn evidence(scene: &Scene, flux: &str) -> Evidence {
    let reply = query(&scene.http, &scene.org, flux).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    evidence::read_reply(&reply.text).unwrap()
}

async fn extent(scene: &Scene, bucket: &str) -> Evidence {
    evidence(scene, &evidence::extent(bucket, None).unwrap()).await
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

both!(an_empty_bucket_has_no_evidence, async |scene| {
    scene.bucket("b").await;
    assert_eq!(extent(&scene, "b").await, Evidence::default());
    assert_eq!(evidence(&scene, &evidence::any_point("b", None).unwrap()).await, Evidence::default());
});

both!(all_types_and_all_times_are_counted, async |scene| {
    scene.bucket("b").await;
    let now = Timestamp::now().as_nanosecond();
    let lines = format!(
        "m v=1 -8520336000000000000\nm s=\"x\" 5\nm,t=a b=true {now}\nm,t=b i=1i {}\nm2,u=c i=1u 7\nm2,u=c i=2u 7\n\
         m2 v=1,w=2 9223372036854775806\nm3 v=1 -9223372036854775806",
        now + 1_000_000_000_000_000
    );
    write(&scene, "b", &lines).await.expect(204);
    let expected = Evidence { values: Some(8), first: at(EARLIEST), last: at(LATEST) };
    assert_eq!(extent(&scene, "b").await, expected);
    let any = evidence(&scene, &evidence::any_point("b", None).unwrap()).await;
    assert_eq!(any.first, at(EARLIEST));
});

both!(a_point_at_either_end_of_time_is_found, async |scene| {
    for (name, time) in [("earliest", EARLIEST), ("latest", LATEST)] {
        scene.bucket(name).await;
        let nanoseconds = time.parse::<Timestamp>().unwrap().as_nanosecond();
        write(&scene, name, &format!("m v=1 {nanoseconds}")).await.expect(204);
        let expected = Evidence { values: Some(1), first: at(time), last: at(time) };
        assert_eq!(extent(&scene, name).await, expected);
        assert_eq!(evidence(&scene, &evidence::any_point(name, None).unwrap()).await.first, at(time));
    }
});

// Why evidence goes by name. The embedded server answers no such query.
real!(by_id_no_permission_is_checked, async |scene| {
    let bucket = scene.bucket("b").await;
    write(&scene, "b", "m v=1 1").await.expect(204);
    let inactive = json!({"status": "inactive", "permissions": [scene.may("read", "labels")]});
    let inactive = scene.token_with(inactive).await;
    let flux = format!("from(bucketID: \"{bucket}\") |> range(start: 0) |> keep(columns: [\"_value\"])");
    let reply = query(&inactive.http, &scene.org, &flux).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ",result,table,_value\r\n,_result,0,1\r\n\r\n"));
});

both!(older_than_excludes_its_time, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m v=1 5\nm v=1 9\nn,a=b v=1 7").await.expect(204);
    let first_before = async |nanoseconds| {
        let stop = Timestamp::from_nanosecond(nanoseconds).unwrap();
        evidence(&scene, &evidence::any_point("b", Some(stop)).unwrap()).await.first
    };
    assert_eq!(first_before(5).await, None);
    assert_eq!(first_before(6).await, at("1970-01-01T00:00:00.000000005Z"));
    // Before all times that a point can have.
    assert_eq!(first_before(-20_000_000_000_000_000_000).await, None);
});

both!(many_buckets_are_asked_about_in_one_query, async |scene| {
    for (name, lines) in [("empty", ""), ("old", "m v=1 5"), ("new", "m v=1 50\nn v=1 70")] {
        let id = scene.bucket(name).await;
        if !lines.is_empty() {
            write(&scene, &id, lines).await.expect(204);
        }
    }
    let stop = Timestamp::from_nanosecond(40).ok();
    let buckets = [("empty", None), ("old", stop), ("new", stop), ("new", None)];
    let reply = query(&scene.http, &scene.org, &evidence::first_points(&buckets).unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let firsts = evidence::read_first_points(&reply.text, buckets.len()).unwrap();
    let at = |nanoseconds| Timestamp::from_nanosecond(nanoseconds).ok();
    assert_eq!(firsts, [None, at(5), None, at(50)]);
    let flux = evidence::first_points(&[("old", None), ("gone", None)]).unwrap();
    query(&scene.http, &scene.org, &flux).await.refused(404, "not found", "bucket \"gone\"");
});

both!(bucket_names_reach_the_server_unchanged, async |scene| {
    for name in ["we ird", "back\\slash", "${a} $b", "ä'\n\t"] {
        let id = scene.bucket(name).await;
        write(&scene, &id, "m v=1 1").await.expect(204);
        assert_eq!(extent(&scene, name).await.values, Some(1), "{name:?}");
    }
});

both!(a_bucket_that_may_not_be_read_is_not_found, async |scene| {
    let bucket = scene.bucket("b").await;
    let flux = evidence::any_point("b", None).unwrap();
    let missing = "failed to initialize execute state: could not find bucket \"b\"";
    let writer = scene.token(json!([scene.may("write", "buckets")])).await;
    query(&writer.http, &scene.org, &flux).await.refused(404, "not found", missing);
    let inactive = json!({"status": "inactive", "permissions": [scene.may("read", "buckets")]});
    let inactive = scene.token_with(inactive).await;
    query(&inactive.http, &scene.org, &flux).await.refused(404, "not found", missing);
    let reader = scene.token(json!([scene.may_one("read", "buckets", &bucket)])).await;
    query(&reader.http, &scene.org, &flux).await.expect(200);
    query(&scene.http, &scene.org, &evidence::any_point("c", None).unwrap()).await.refused(
        404,
        "not found",
        "bucket \"c\"",
    );
    let wrong = scene.http.with_token("wrong");
    query(&wrong, &scene.org, &flux).await.refused(401, "unauthorized", "unauthorized access");
});

both!(a_query_may_be_json_with_a_dialect, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m v=1 1").await.expect(204);
    let flux = evidence::any_point("b", None).unwrap();
    let ask = async |dialect| {
        let body = json!({"query": flux, "type": "flux", "dialect": dialect});
        scene.http.post(&format!("query?org={}", scene.org_name), body).await
    };
    let plain = ask(json!({})).await;
    assert_eq!(plain.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(plain.text, ",result,table,_time\r\n,first,0,1970-01-01T00:00:00.000000001Z\r\n\r\n");
    let annotated =
        ask(json!({"annotations": ["group", "datatype", "default"], "header": true, "delimiter": ","})).await;
    assert_eq!(
        annotated.text,
        "#group,false,false,false\r\n#datatype,string,long,dateTime:RFC3339\r\n#default,first,,\r\n\
         ,result,table,_time\r\n,,0,1970-01-01T00:00:00.000000001Z\r\n\r\n"
    );
    let refused = ask(json!({"annotations": ["color"]})).await;
    refused.refused(400, "invalid", "failed to decode request body: unknown dialect annotation type: color");
});

both!(a_query_names_an_organization, async |scene| {
    scene.bucket("b").await;
    let flux = evidence::any_point("b", None).unwrap();
    for (org, message) in [
        ("", "failed to decode request body: Please provide either orgID or org"),
        ("?org=nope", "failed to decode request body: organization name \"nope\" not found"),
        ("?orgID=x", "failed to decode request body: id must have a length of 16 bytes"),
        ("?orgID=0123456789abcdef", "failed to decode request body: organization not found"),
    ] {
        let http = scene.http.clone().with_header("content-type", "application/vnd.flux");
        http.post_text(&format!("query{org}"), &flux).await.refused(400, "invalid", message);
    }
});

both!(the_last_value_wins, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m,b=1,a=2 v=1,w=1 5\nm,a=2,b=1 v=2 5\nm v=3 5").await.expect(204);
    write(&scene, "b", "m v=4 5").await.expect(204);
    assert_eq!(extent(&scene, "b").await.values, Some(3));
});

both!(a_bad_line_refuses_the_request, async |scene| {
    scene.bucket("b").await;
    let reply = write(&scene, "b", "m v=1\nbad\nm v=3\nworse x").await;
    let words = "unable to parse 'bad': missing fields\nunable to parse 'worse x': invalid field format";
    reply.refused(400, "invalid", words);
    write(&scene, "b", "m v=1 11\r\n").await.refused(400, "invalid", "bad timestamp");
    assert_eq!(extent(&scene, "b").await, Evidence::default());
});

both!(a_field_type_conflict_drops_its_points_only, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m v=1 0").await.expect(204);
    write(&scene, "b", "m v=2 6\nm v=1i 7\nm v=\"x\" 8\nn v=1i 9").await.refused(
        422,
        "unprocessable entity",
        "failure writing points to database: partial write: field type conflict: input field \"v\" on measurement \"m\" \
         is type integer, already exists as type float dropped=2",
    );
    assert_eq!(extent(&scene, "b").await.values, Some(3));
    // Another shard group, another type.
    write(&scene, "b", "m v=1i 864000000000000").await.expect(204);
});

both!(points_before_the_retention_are_dropped, async |scene| {
    let body =
        json!({"orgID": scene.org, "name": "b", "retentionRules": [{"type": "expire", "everySeconds": 2_592_000}]});
    let made = scene.http.post("buckets", body).await.expect(201);
    let bucket = made["id"].as_str().unwrap();
    let old = Timestamp::now().checked_sub(Span::new().hours(40 * 24)).unwrap();
    let reply = write(&scene, bucket, &format!("m v=1\nm,t=a v=2 {}", old.as_nanosecond())).await;
    let words = "failure writing points to database: partial write: dropped 1 points outside retention policy of duration \
                 720h0m0s - oldest point m,t=a at ";
    reply.refused(422, "unprocessable entity", words);
    let end = format!(" dropped=1 for database: {bucket} for retention policy: autogen");
    assert!(reply.message().ends_with(&end), "{}", reply.text);
    assert_eq!(extent(&scene, "b").await.values, Some(1));
});

both!(a_write_names_bucket_organization_and_precision, async |scene| {
    let bucket = scene.bucket("b").await;
    let (org, name) = (&scene.org, &scene.org_name);
    for query in
        [format!("org={name}&bucket=b"), format!("org={org}&bucket={bucket}"), format!("orgID={org}&org=x&bucket=b")]
    {
        scene.http.post_text(&format!("write?{query}&precision=ms"), "").await.expect(204);
    }
    for (query, status, code, message) in [
        (format!("org={name}&bucket=nope"), 404, "not found", "bucket \"nope\" not found"),
        (format!("org={name}&bucket=0123456789abcdef"), 404, "not found", "bucket \"0123456789abcdef\" not found"),
        (format!("org={name}"), 404, "not found", "bucket not found"),
        ("org=nope&bucket=b".to_owned(), 404, "not found", "organization name \"nope\" not found"),
        ("orgID=0123456789abcdef&bucket=b".to_owned(), 404, "not found", "organization not found"),
        ("orgID=x&bucket=b".to_owned(), 400, "invalid", "id must have a length of 16 bytes"),
        ("bucket=b".to_owned(), 400, "invalid", "Please provide either orgID or org"),
        ("precision=m".to_owned(), 400, "invalid", "invalid precision; valid precision units are ns, us, ms, and s"),
    ] {
        scene.http.post_text(&format!("write?{query}"), "").await.refused(status, code, message);
    }
    scene.http.get("write").await.refused(405, "method not allowed", "allow: OPTIONS, POST");
});

both!(an_empty_body_tells_whether_points_may_be_written, async |scene| {
    let bucket = scene.bucket("b").await;
    scene.bucket("c").await;
    let probe = async |http: &Http, bucket: &str| {
        http.post_text(&format!("write?orgID={}&bucket={bucket}", scene.org), "").await
    };
    let one = scene.token(json!([scene.may_one("write", "buckets", &bucket)])).await;
    probe(&one.http, "b").await.expect(204);
    probe(&one.http, "c").await.refused(403, "forbidden", "insufficient permissions for write");
    probe(&one.http, "d").await.refused(404, "not found", "bucket \"d\" not found");
    let inactive = json!({"status": "inactive", "permissions": [scene.may("write", "buckets")]});
    let inactive = scene.token_with(inactive).await;
    probe(&inactive.http, "b").await.refused(403, "forbidden", "insufficient permissions for write: token is inactive");
    probe(&scene.http.with_token("wrong"), "b").await.refused(401, "unauthorized", "unauthorized access");
    let bearer = Http::new(scene.http.url()).with_header("authorization", &format!("Bearer {}", one.token));
    probe(&bearer, "b").await.expect(204);
});

both!(a_body_may_be_compressed, async |scene| {
    scene.bucket("b").await;
    let path = format!("write?orgID={}&bucket=b", scene.org);
    let zipped = scene.http.clone().with_header("content-encoding", "gzip");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"m v=1 1\nm v=2 2").unwrap();
    let body = encoder.finish().unwrap();
    let cut = body[..body.len() - 3].to_vec();
    zipped.send(Method::POST, &path, Some(body)).await.expect(204);
    assert_eq!(extent(&scene, "b").await.values, Some(2));
    let truncated = zipped.send(Method::POST, &path, Some(cut)).await;
    truncated.refused(500, "internal error", "unable to read data: unexpected EOF");
    zipped.post_text(&path, "m v=1").await.refused(500, "internal error", "An internal error has occurred");
});

both!(a_batch_of_5000_points_is_one_request, async |scene| {
    scene.bucket("b").await;
    let lines: Vec<String> = (0..5_000).map(|n| format!("m,host=h{} v={n},w={n}i {n}", n % 50)).collect();
    write(&scene, "b", &lines.join("\n")).await.expect(204);
    let expected = Evidence {
        values: Some(10_000),
        first: at("1970-01-01T00:00:00Z"),
        last: at("1970-01-01T00:00:00.000004999Z"),
    };
    assert_eq!(extent(&scene, "b").await, expected);
});

both!(a_deleted_bucket_takes_its_points_along, async |scene| {
    let bucket = scene.bucket("b").await;
    write(&scene, "b", "m v=1 1").await.expect(204);
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    scene.bucket("b").await;
    assert_eq!(extent(&scene, "b").await, Evidence::default());
});

both!(written_points_outlive_the_server, virgin, async |server| {
    let backend = server.backend();
    server.kill().await;
    let directory = tempfile::tempdir().unwrap();
    let start = Start { directory: Some(directory.path().to_owned()), ..Start::default() };
    let mut server = Server::virgin(backend, &start).await;
    let set_up = server.set_up().await;
    let (org, bucket) = (set_up["org"]["id"].as_str().unwrap(), set_up["bucket"]["name"].as_str().unwrap());
    let path = format!("write?orgID={org}&bucket={bucket}");
    server.operator().post_text(&path, "m v=1,w=2 1\nm v=1 2").await.expect(204);
    let token = server.token().to_owned();
    server.kill().await;

    let server = Server::virgin(backend, &start).await.with_token(&token);
    let reply = query(&server.operator(), org, &evidence::extent(bucket, None).unwrap()).await;
    assert_eq!(evidence::read_reply(&reply.text).unwrap().values, Some(3), "{}", reply.text);
    // Types are still known.
    server.operator().post_text(&path, "m v=1i 3").await.refused(422, "unprocessable entity", "field type conflict");
    server.kill().await;
});

#[test]
fn any_other_script_is_not_implemented_on_the_embedded_server() {
    run(Backend::Embedded, module_path!(), async |scene: Scene| {
        scene.bucket("b").await;
        for flux in
            ["buckets()", "from(bucket: \"b\") |> range(start: 0)", "x(", "import \"array\" array.from(rows: [{a: 1}])"]
        {
            let reply = query(&scene.http, &scene.org, flux).await;
            reply.refused(501, "not implemented", "the embedded server answers only the evidence queries");
        }
        // Nobody learns that who may not ask.
        let influxql = "/query?db=b&q=SELECT%20*%20FROM%20m";
        scene.http.get(influxql).await.refused(501, "not implemented", "the embedded server runs no InfluxQL");
        scene.server.anonymous().get(influxql).await.refused(401, "unauthorized", "unauthorized access");
    });
}

#[test]
fn the_embedded_server_counts_the_points_that_it_wrote() {
    run(Backend::Embedded, module_path!(), async |server: Server| {
        let mut server = server;
        let set_up = server.set_up().await;
        let path = format!(
            "write?orgID={}&bucket={}",
            set_up["org"]["id"].as_str().unwrap(),
            set_up["bucket"]["id"].as_str().unwrap()
        );
        server.operator().post_text(&path, "m v=1,w=2 1\nm v=1 2").await.expect(204);
        server.operator().post_text(&path, "m v=1 3\nm v=\"x\" 4").await.expect(422);
        let metrics = server.anonymous().get("/metrics").await;
        assert!(metrics.text.contains("\ninfluxdb_points_written_total 3\n"), "{}", metrics.text);
    });
}

/// What lines are made of, the parts that they go wrong at above all.
const PARTS: &[&[u8]] = &[
    b"m",
    b"n",
    b",",
    b",",
    b"t=a",
    b"s=b",
    b"t",
    b" ",
    b" ",
    b" ",
    b"v=",
    b"w=",
    b"1",
    b"2.5",
    b"-",
    b"1i",
    b"-7i",
    b"3u",
    b".",
    b"1e5",
    b"e",
    b"+",
    b"\"",
    b"\"x\"",
    b"\"a b,c=d\"",
    b"\\",
    b"=",
    b"true",
    b"F",
    b"#",
    b"\n",
    b"\r",
    b"\t",
    b"\0",
    b"time",
    b"_field",
    b"\xff",
    b"\xc3\xa4",
    b"5",
    b" 1700000000000000000",
    b"m v=1",
    b"m,t=a v=",
    b"n v=\"x\"",
    b"NaN",
    b"9223372036854775808",
];

real!(any_line_is_read_alike_by_both_servers, async |scene| {
    let embedded = Scene::on(Backend::Embedded).await;
    let ids = [scene.bucket("b").await, embedded.bucket("b").await];
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..1_500 {
        let count = random.random_range(1..9);
        let line = (0..count).map(|_| *PARTS.choose(&mut random).unwrap()).collect::<Vec<_>>().concat();
        let mut replies = Vec::new();
        for (scene, id) in [&scene, &embedded].into_iter().zip(&ids) {
            let path = format!("write?orgID={}&bucket=b", scene.org);
            let reply = scene.http.send(Method::POST, &path, Some(line.clone())).await;
            replies.push((reply.status, reply.message().replace(id, "ID")));
        }
        assert_eq!(replies[0], replies[1], "{:?}", String::from_utf8_lossy(&line));
    }
    assert_eq!(extent(&scene, "b").await.values, extent(&embedded, "b").await.values);
});
