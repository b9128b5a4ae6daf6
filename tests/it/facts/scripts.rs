//! What becomes of a task's script: what is refused of it, and how it is laid out anew.

use std::fs;

use serde_json::json;

use crate::support::{Reply, Scene, both};

async fn post(scene: &Scene, script: &str) -> Reply {
    scene.http.post("tasks", json!({"orgID": scene.org, "flux": script})).await
}

/// The task that a script makes, and what is then asked for with PATCH.
async fn patched(scene: &Scene, script: &str, change: serde_json::Value) -> Reply {
    let task = post(scene, script).await.expect(201);
    scene.http.patch(&format!("tasks/{}", task["id"].as_str().unwrap()), change).await
}

const OPTION: &str = "option task = {name: \"t\", every: 1h}\n";

both!(a_syntax_error_is_400_with_the_parsers_words, async |scene| {
    for (script, words) in [
        ("x = )", "loc 2:5-2:6: invalid statement @2:5-2:6: )"),
        ("x = 1 +", "loc 2:5-2:8: missing right hand side of expression"),
        ("x = [1 2]", "loc 2:5-2:10: expected COMMA, got INT (2) at 2:8"),
        ("x = {a: 1 b: 2}", "loc 0:0-0:0: unknown operator \"<INVALID_OP>\""),
        ("f(1)", "loc 2:3-2:4: unexpected token for property key: INT (1)"),
        ("a |> f", "loc 2:6-2:7: pipe destination must be a function call"),
        ("if a then b", "loc 2:1-2:12: expected ELSE, got EOF"),
        ("x = \"abc", "loc 2:5-2:9: got unexpected token in string expression @2:9-2:9: EOF"),
        ("x = 007", "loc 2:5-2:8: invalid integer literal \"007\": nonzero value cannot start with 0"),
        ("x = /(/", "loc 2:5-2:8: regex parse error: ( error: unclosed group"),
        ("x = /a**/", "loc 0:0-0:0: error parsing regexp: invalid nested repetition operator: `**`"),
        ("x = a.if", "loc 2:7-2:7: expected IDENT, got IF (if) at 2:7"),
        ("x = {a, b: 1}", "loc 2:5-2:14: cannot mix implicit and explicit properties"),
        ("é = ;", "loc 2:6-2:7: invalid statement @2:6-2:7: ;"),
    ] {
        let reply = post(&scene, &format!("{OPTION}{script}")).await;
        reply.refused(400, "invalid", &format!("invalid options: {words}"));
    }
});

both!(what_can_never_run_is_taken, async |scene| {
    for script in ["x =", "x = not", "x = 2020-13-01", "\"${}\"", "builtin f", "f = () => {return }"] {
        post(&scene, &format!("{OPTION}{script}")).await.expect(201);
    }
});

both!(each_case_is_taken_or_refused_and_laid_out_alike, async |scene| {
    let mut seen = 0;
    for path in crate::flux::cases() {
        // Whether a cron has a time to come is another matter, and a panic names its place.
        let script = fs::read_to_string(&path).unwrap();
        let errors = fs::read_to_string(path.with_extension("err")).unwrap_or_default();
        let refusal = errors.lines().find_map(|line| line.strip_prefix("task: ")).filter(|said| *said != "accepted");
        let made = post(&scene, &script).await;
        if let Some(refusal) = refusal {
            let (status, words) = refusal.split_once(' ').unwrap();
            assert_eq!(
                (made.status.to_string().as_str(), &made.json["message"]),
                (status, &json!(words)),
                "{}",
                path.display()
            );
            continue;
        }
        let task = made.expect(201);
        let Ok(expected) = fs::read_to_string(path.with_extension("fmt")) else { continue };
        let task_path = format!("tasks/{}", task["id"].as_str().unwrap());
        let formatted = scene.http.patch(&task_path, json!({"name": task["name"]})).await.expect(200);
        assert_eq!(formatted["flux"], expected, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
});

both!(a_new_schedule_is_written_into_the_script_and_all_is_laid_out, async |scene| {
    let script = "x=1 // c\noption task={ \"name\":\"t\",every:1h , retry:2} y=[1,2,3,4,5]";
    for (change, option) in [
        (json!({"every": "2h"}), "option task = {\"name\": \"t\", every: 2h, retry: 2}"),
        (json!({"cron": "0 * * * *"}), "option task = {\"name\": \"t\", cron: \"0 * * * *\", retry: 2}"),
        (json!({"offset": "5m"}), "option task = {\"name\": \"t\", every: 1h, retry: 2, offset: 5m}"),
        (json!({"name": "a\"\\\nb"}), "option task = {\"name\": \"a\\\"\\\\\nb\", every: 1h, retry: 2}"),
    ] {
        let reply = patched(&scene, script, change.clone()).await.expect(200);
        let text = format!("x = 1\n\n// c\n{option}\n\ny = [\n    1,\n    2,\n    3,\n    4,\n    5,\n]\n");
        assert_eq!(reply["flux"], text, "{change}");
    }
});

both!(what_a_new_layout_loses_is_lost, async |scene| {
    for (script, expected) in [
        ("x = -(1 + 2)", "x = -1 + 2"),
        ("u = 1\nx = \"\\${u} ${u}\\n\"", "u = 1\nx = \"${u} ${u}\n\""),
        ("x = \"a  \nb\"", "x = \"a\nb\""),
        ("@a x = 1", "x = 1"),
    ] {
        let reply = patched(&scene, &format!("{OPTION}{script}\n"), json!({"every": "1h"})).await.expect(200);
        assert_eq!(reply["flux"], format!("{OPTION}\n{expected}\n"), "{script}");
    }
    let reply = patched(&scene, &format!("{OPTION}x = ((r) => r) + \"\\${{${{x}}\""), json!({"every": "1h"})).await;
    assert_eq!(reply.status, 400, "{}", reply.json);
    let reply = patched(&scene, &format!("{OPTION}x ="), json!({"every": "1h"})).await;
    let words = "failed to update task: invalid type: null, expected internally tagged enum Expression";
    let message = reply.json["message"].as_str().unwrap().to_owned();
    assert!(reply.status == 500 && message.starts_with(words), "{message}");
});

both!(what_stands_behind_an_offset_that_goes_is_passed_over, async |scene| {
    let change = json!({"name": "n", "offset": "0s"});
    for (script, expected) in [
        ("offset: 5m, name: \"t\", every: 1h", "name: \"t\", every: 1h, name: \"n\""),
        ("every: 1h, offset: 5m, name: \"t\", retry: 2", "every: 1h, name: \"t\", retry: 2, name: \"n\""),
        ("every: 1h, offset: 5m, name: \"t\"", "every: 1h, name: \"n\""),
        ("name: \"t\", offset: 5m, every: 1h", "name: \"n\", every: 1h"),
    ] {
        let reply = patched(&scene, &format!("option task = {{{script}}}\n"), change.clone()).await.expect(200);
        assert_eq!(reply["flux"], format!("option task = {{{expected}}}\n"), "{script}");
    }
    let script = "option task = {name: \"t\", offset: 5m, every: 1h, retry: 2}\n";
    let reply = patched(&scene, script, json!({"every": "2h", "offset": "0s"})).await;
    let words = "failed to update task: invalid type: null, expected a sequence";
    assert!(reply.status == 500 && reply.message().starts_with(words), "{}", reply.json);
    let reply = patched(&scene, script, json!({"cron": "0 * * * *", "offset": "0s"})).await;
    reply.refused(
        400,
        "invalid",
        "failed to update task: invalid options: cannot use both cron and every in task options",
    );
});

both!(a_key_in_quotes_stays_so_where_it_stays, async |scene| {
    let script = "option task = {\"name\": \"t\", \"every\": 1h}\n";
    for (change, expected) in [
        (json!({"every": "2h"}), "option task = {\"name\": \"t\", \"every\": 2h}\n"),
        (json!({"cron": "0 * * * *"}), "option task = {\"name\": \"t\", cron: \"0 * * * *\"}\n"),
        (json!({"name": "n"}), "option task = {\"name\": \"n\", \"every\": 1h}\n"),
    ] {
        assert_eq!(patched(&scene, script, change).await.expect(200)["flux"], expected);
    }
});

both!(a_name_with_an_interpolation_is_400, async |scene| {
    let reply = patched(&scene, OPTION, json!({"name": "a ${b}"})).await;
    assert_eq!(reply.status, 400, "{}", reply.json);
});
