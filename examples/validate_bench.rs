fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let t = std::time::Instant::now();
    let r = fluxform::manifest::load(std::path::Path::new(&dir), &Default::default());
    match &r {
        Ok((m, w)) => eprintln!("{} resources {} warnings", m.resources.len(), w.len()),
        Err(e) => eprintln!("{} errors: {}", e.len(), e[0].message),
    }
    let t1 = t.elapsed();
    if let Ok((m, _)) = &r {
        let g = fluxform::graph::Graph::build(m.resources.iter().map(|(a, r)| (a, &r.needs))).unwrap();
        eprintln!("{}", g.order().count());
    }
    eprintln!("load {t1:?} all {:?}", t.elapsed());
    std::process::exit(0);
}
