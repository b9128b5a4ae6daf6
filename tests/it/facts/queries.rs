//! What a server says of a script that cannot compile, and that it runs nothing of it.

use fluxform::flux::evidence::any_point;
use serde_json::json;

use crate::flux::cases;
use crate::support::{Reply, Scene, both, real};

async fn query(scene: &Scene, script: &str) -> Reply {
    scene.http.post(&format!("query?orgID={}", scene.org), json!({"query": script, "type": "flux"})).await
}

const IMPORT: &str = "import \"no/such/package\"\n";
const SAID: &str = "error @1:1-1:25: invalid import path no/such/package";

both!(a_script_with_an_unknown_import_is_refused_and_nothing_of_it_runs, async |scene| {
    for bucket in ["from", "to"] {
        scene.bucket(bucket).await;
    }
    scene.http.post_text(&format!("write?org={}&bucket=from", scene.org), "m f=1").await;
    let copy = "from(bucket: \"from\") |> range(start: -1h) |> to(bucket: \"to\")";
    query(&scene, &format!("{IMPORT}{copy}")).await.refused(400, "invalid", SAID);
    query(&scene, &format!("{IMPORT}option now = () => 2030-01-01T00:00:00Z\n{copy}"))
        .await
        .refused(400, "invalid", SAID);
    let points = any_point("to", None).unwrap();
    assert_eq!(query(&scene, &points).await.text.trim(), "");
});

both!(each_unknown_import_is_named_at_its_place, async |scene| {
    for (script, said) in [
        ("import  x   \"a/b\"  // c\n", "error @1:1-1:18: invalid import path a/b"),
        ("\n\n  import \"a\"", "error @3:3-3:13: invalid import path a"),
        (
            "import \"a/b\"\nimport \"math\"\nimport \"a/b\"\n",
            "error @1:1-1:13: invalid import path a/b\n\nerror @3:1-3:13: invalid import path a/b",
        ),
    ] {
        query(&scene, script).await.refused(400, "invalid", said);
    }
});

both!(any_token_may_have_a_script_compiled, async |scene| {
    let bucket = scene.bucket("b").await;
    let token = scene.token(json!([scene.may_one("read", "buckets", &bucket)])).await;
    let body = json!({"query": format!("{IMPORT}from(bucket: \"other\") |> range(start: -1h)"), "type": "flux"});
    let reply = scene.http.with_token(&token.token).post(&format!("query?orgID={}", scene.org), body).await;
    reply.refused(400, "invalid", SAID);
});

both!(all_mistakes_of_types_and_names_are_listed, async |scene| {
    let script = "x = 1 + \"é\"\ny = nosuch\nz = {a: 1}.b\nf = (v) => v + 1\nf(v: \"x\")\nf(w: 1)\n";
    let said = "error @2:9-2:13: expected int but found string\n\nerror @3:5-3:11: undefined identifier nosuch\n\n\
                error @4:5-4:11: record is missing label b\n\n\
                error @6:6-6:9: expected int but found string (argument v)\n\n\
                error @7:6-7:7: found unexpected argument w (Expected `v`)\n\n\
                error @7:1-7:8: missing required argument v";
    query(&scene, &format!("{IMPORT}{script}")).await.refused(400, "invalid", &format!("{SAID}\n\n{said}"));
});

real!(what_a_string_says_changes_no_type, async |scene| {
    let rows = "array.from(rows: [{_time: 2026-01-01T00:00:00Z, _value: 1.0, a: 1}])";
    for call in [
        format!("{rows} |> fill(column: \"WORD\", value: \"x\")"),
        format!("{rows} |> mean(column: \"WORD\")"),
        format!("{rows} |> keep(columns: [\"a\", \"WORD\"]) |> map(fn: (r) => ({{r with c: r.a + 1}}))"),
        format!("{rows} |> rename(columns: {{a: \"WORD\"}}) |> duplicate(column: \"WORD\", as: \"a\")"),
        format!("{rows} |> aggregateWindow(every: 1h, fn: mean, column: \"WORD\", timeSrc: \"WORD\")"),
        format!("{rows} |> experimental.unpivot(otherColumns: [\"WORD\", \"a\"])"),
        format!("{rows} |> polyline.rdp(valColumn: \"WORD\", timeColumn: \"WORD\")"),
        "time(v: \"WORD\")".to_owned(),
        "duration(v: \"WORD\")".to_owned(),
        "regexp.compile(v: \"WORD\")".to_owned(),
        "from(bucket: \"WORD\") |> range(start: -1h) |> to(bucket: \"WORD\")".to_owned(),
    ] {
        for word in ["", "a", "nosuch", "(", "2026-01-01T00:00:00Z"] {
            let imports = ["array", "experimental", "experimental/polyline", "regexp"];
            let imports: String = imports.map(|path| format!("import \"{path}\"\n")).concat();
            let script = format!("{IMPORT}{imports}{}", call.replace("WORD", word));
            query(&scene, &script).await.refused(400, "invalid", SAID);
        }
    }
});

both!(each_case_has_the_tree_that_is_recorded_or_is_refused_in_these_words, async |scene| {
    for path in cases() {
        let source = std::fs::read_to_string(&path).unwrap();
        let reply = scene.http.post("query/ast", json!({"query": source})).await;
        if let Ok(tree) = std::fs::read(path.with_extension("json")) {
            let tree: serde_json::Value = serde_json::from_slice(&tree).unwrap();
            assert_eq!((reply.status, &reply.json), (200, &tree), "{}", path.display());
            continue;
        }
        let errors = std::fs::read_to_string(path.with_extension("err")).unwrap();
        let said = errors.lines().find_map(|line| line.strip_prefix("ast: ")).unwrap();
        assert_eq!(format!("{} {}", reply.status, reply.message()), said, "{}", path.display());
    }
});

both!(a_script_is_read_for_whoever_has_a_token, async |scene| {
    let status = async |http: &crate::support::Http, path: &str| {
        http.post(path, json!({"query": "x = 1", "type": "flux"})).await.status
    };
    let narrow = json!([scene.may("read", "labels")]);
    let inactive = scene.token_with(json!({"status": "inactive", "permissions": narrow})).await.http;
    let narrow = scene.token(narrow).await.http;
    for path in ["query/ast", "query/analyze"] {
        for http in [&narrow, &inactive] {
            assert_eq!(status(http, path).await, 200);
        }
        assert_eq!(status(&scene.server.anonymous(), path).await, 401);
        assert_eq!(scene.http.get(path).await.header("allow"), "OPTIONS, POST");
        for (body, words) in [("", "EOF"), ("{", "unexpected EOF")] {
            scene.http.post_text(path, body).await.refused(400, "invalid", &format!("invalid json: {words}"));
        }
    }
    let unfit = "invalid json: json: cannot unmarshal";
    for (path, body, words) in [
        ("query/ast", json!([]), "array into Go value of type http.langRequest"),
        ("query/ast", json!({"query": 5}), "number into Go struct field langRequest.query of type string"),
        ("query/analyze", json!([]), "array into Go value of type http.QueryRequest"),
        ("query/analyze", json!({"type": 5}), "number into Go struct field QueryRequest.type of type string"),
    ] {
        scene.http.post(path, body).await.refused(400, "invalid", &format!("{unfit} {words}"));
    }
});

both!(an_analysis_tells_mistakes_of_the_syntax_and_no_others, async |scene| {
    let analyze = async |script: &str| scene.http.post("query/analyze", json!({"query": script, "type": "flux"})).await;
    for (script, line, column, message) in [
        ("x = (", 1, 5, "expected RPAREN, got EOF"),
        ("a\n|> b", 2, 4, "pipe destination must be a function call"),
        ("x = {a: 1 b: 2}", 0, 0, "unknown operator \"<INVALID_OP>\""),
    ] {
        let error = json!({"line": line, "column": column, "character": 0, "message": message});
        assert_eq!(analyze(script).await.expect(200), json!({"errors": [error]}), "{script}");
    }
    for script in ["", "x = 1", "x = nosuch", "import \"no/such\"", "x ="] {
        assert_eq!(analyze(script).await.expect(200), json!({"errors": []}), "{script}");
    }
    let panic = "a panic has occurred: /api/v2/query/analyze: walk not defined for node *ast.LabelLiteral";
    analyze("x = .n").await.refused(500, "internal error", panic);
    for body in [json!({"query": "x"}), json!({"query": "x", "type": "sql"}), json!({})] {
        let untold = "An internal error has occurred - check server logs";
        scene.http.post("query/analyze", body).await.refused(500, "internal error", untold);
    }
});
