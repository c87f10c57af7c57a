//! `seeds CORPUS`: writes the inputs to begin with into `CORPUS/<target>/`.

use std::fs;
use std::path::PathBuf;

fn main() {
    let corpus = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    for target in terrella_fuzz::Target::ALL {
        let folder = corpus.join(target.name());
        fs::create_dir_all(&folder).expect("a folder");
        for (at, bytes) in terrella_fuzz::seeds::inputs(target).into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{at}")), bytes).expect("written");
        }
    }
}
