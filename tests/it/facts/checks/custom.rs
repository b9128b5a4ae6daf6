//! Custom checks.

use super::*;

both!(the_script_of_a_custom_check_says_all_and_gets_its_id, async |scene| {
    let check =
        made(&scene, with(&custom(&scene, "own"), json!({"every": "9m", "tags": [], "statusMessageTemplate": "m"})))
            .await;
    let wanted = format!(
        "import \"influxdata/influxdb/monitor\"\n\noption task = {{name: \"own\", every: 1h, offset: 5m}}\n\n\
         check = {{_check_name: \"own\", _type: \"custom\", tags: {{}}, _check_id: \"{}\"}}\n\nfrom(bucket: \"b\")\n    \
         |> range(start: -1h)\n    |> monitor.check(data: check, messageFn: (r) => \"m\", crit: (r) => r._value > 1.0)\n",
        id(&check)
    );
    assert_eq!(check["query"]["text"], wanted);
    assert_eq!(query(&scene, &check).await, wanted);
    let behind = task(&scene, &check).await;
    assert_eq!(["flux", "every", "offset"].map(|key| behind[key].as_str().unwrap()), [&wanted, "1h", "5m"]);
    let again = put(&scene.http, &check, check.clone()).await.expect(200);
    assert_eq!(again["query"], check["query"]);
    let text = |from: &str, to: &str| json!({"query": {"text": CUSTOM.replace("NAME", "x").replace(from, to)}});
    let option = "option task = {name: \"x\", every: 1h, offset: 5m}\n";
    let unnamed = "_check_name parameter on check object must match check name";
    for (other, message) in [
        (json!({"query": {"text": "from("}}), "Custom flux must have an object called 'check'"),
        (text("check =", "chk ="), "Custom flux must have an object called 'check'"),
        (text("_check_name: \"x\", ", ""), unnamed),
        (text("_check_name: \"x\"", "_check_name: \"y\""), unnamed),
        (json!({"name": "y"}), unnamed),
        (text("\"custom\"", "\"threshold\""), "_type parameter on check object must be set to 'custom'"),
        (text(option, ""), "Custom flux missing task option statement"),
        (text("name: \"x\", every", "every"), "Custom flux missing name parameter from task option statement"),
        (
            text("name: \"x\", every", "name: \"y\", every"),
            "Name parameter from task option statement must match check name",
        ),
        (text("every: 1h, ", ""), "Custom flux missing every parameter from task option statement"),
        (text("every: 1h", "cron: \"0 * * * *\""), "Custom flux missing every parameter from task option statement"),
        (text(", offset: 5m", ""), "Custom flux missing offset parameter from task option statement"),
        (
            text("1h, offset", "500ms, offset"),
            "Could not create task from check: invalid options: invalid options: every option must be at least 1 second",
        ),
    ] {
        let reply = post(&scene, with(&custom(&scene, "x"), other)).await;
        reply.refused(400, "invalid", message);
    }
    scene.http.patch(&path(&check), json!({"name": "y"})).await.refused(400, "invalid", unnamed);
    let renamed = with(&custom(&scene, "y"), json!({}));
    assert_eq!(put(&scene.http, &check, renamed).await.expect(200)["name"], "y");
    assert_eq!(task(&scene, &check).await["name"], "y");
    // An ID that is there already stays where it is; each record of the name gets it.
    let more = "option check = {_check_id: \"1\", _check_name: \"z\", _type: \"custom\"}\nf = () => {\n    check = {}\n\n    return check\n}\n";
    let body = json!({"query": {"text": format!("{}{more}", option.replace("\"x\"", "\"z\""))}, "name": "z"});
    let check = made(&scene, with(&custom(&scene, "z"), body)).await;
    let said = check["query"]["text"].as_str().unwrap();
    let of = format!("_check_id: \"{}\"", id(&check));
    assert!(
        said.contains(&format!("option check = {{{of}, _check_name")) && said.contains(&format!("check = {{{of}}}\n")),
        "{said}"
    );
});
