//! What keypoints look like, for someone who was not there: held-out pictures over time with a ring where each keypoint is, always of
//! the same colour, faint where it is hardly there; and below, what each of them is on, cut out of many pictures.

use super::score::{KeypointScore, told};
use crate::html::{escape, facts, list, page, push, table};
use crate::labels::Quantile;
use crate::png::data_uri;
use std::fmt::Write as _;
use terrella_core::Image;

/// Colours of keypoints, told apart on light and dark pictures alike; from the thirteenth on they begin again.
const COLOURS: [&str; 12] = [
    "#e6194b", "#1f6fd0", "#2ca02c", "#ff7f0e", "#9b30d9", "#00b5c8", "#d62fa0", "#8c564b", "#ffd400", "#4a4a4a",
    "#00695c", "#f08a8a",
];
/// Less than that is not drawn.
const FAINT: f32 = 0.15;

/// Where a keypoint is, in pixels of the picture, and whether.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Pixels from the left.
    pub x: f32,
    /// Pixels from the top.
    pub y: f32,
    /// From 0 to 1.
    pub presence: f32,
}

/// A stretch of an episode, picture by picture.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    /// Which it is.
    pub title: String,
    /// What stands above each picture.
    pub steps: Vec<String>,
    /// Pictures.
    pub pictures: Vec<Image>,
    /// What was found in each.
    pub marks: Vec<Vec<Mark>>,
}

/// What a keypoint is on.
#[derive(Clone, Debug, Default)]
pub struct Crops {
    /// Pieces of pictures around it.
    pub pieces: Vec<Image>,
    /// What is known of it, in a sentence.
    pub words: String,
}

/// Everything the page shows.
#[derive(Clone, Debug, Default)]
pub struct KeypointsPage {
    /// Heading.
    pub title: String,
    /// What was done, a paragraph each.
    pub done: Vec<String>,
    /// Held-out stretches.
    pub strips: Vec<Marked>,
    /// One entry a keypoint.
    pub crops: Vec<Crops>,
    /// What was measured.
    pub score: KeypointScore,
    /// What it cannot do, in sentences.
    pub limits: Vec<String>,
    /// Versions, seeds, sizes: name and value.
    pub facts: Vec<(String, String)>,
}

impl KeypointsPage {
    /// The page.
    pub fn to_html(&self) -> String {
        let mut out = String::new();
        push(&mut out, "<h1>", &self.title, "</h1>\n");
        self.done.iter().for_each(|text| push(&mut out, "<p>", text, "</p>\n"));
        out.push_str("<p class=\"soft\">Each ring is a keypoint: a number has one colour everywhere. A full ring is surely there, a faint one hardly; point at a ring for its number.</p>\n");
        out.push_str(&self.legend());
        self.strips.iter().for_each(|strip| out.push_str(&strip.to_html()));
        out.push_str("<h2>What each keypoint is on</h2>\n<p>Pieces of held-out pictures, cut out around each keypoint where it is there. If the pieces of a row show one thing, the keypoint is that thing.</p>\n");
        out.push_str("<div class=\"wide\"><table class=\"strip\"><tbody>");
        self.crops.iter().enumerate().for_each(|(at, crops)| out.push_str(&crops.to_html(at)));
        out.push_str("</tbody></table></div>\n");
        if !self.score.parts.is_empty() {
            out.push_str("<h2>How well they tell what was logged</h2>\n<p>No state was looked at in learning. Afterwards a linear map from the keypoints' places to the logged state was fitted on the episodes that were learned from; errors are of held-out episodes, brackets are by-episode 95 % intervals. Beside it stand what needs no keypoints.</p>\n");
            let (header, rows) = parts(&self.score);
            out.push_str(&table(&header, &rows));
        }
        if !self.score.bodies.is_empty() {
            out.push_str("<h2>Whether a keypoint stays with its thing</h2>\n");
            let (header, rows) = bodies(&self.score);
            out.push_str(&table(&header, &rows));
        }
        if !self.limits.is_empty() {
            out.push_str("<h2>What they cannot do</h2>\n");
            out.push_str(&list(&self.limits));
        }
        out.push_str("<h2>How it was made</h2>\n");
        out.push_str(&facts(&self.facts));
        page(&self.title, &out)
    }

    fn legend(&self) -> String {
        let one = |at: usize| {
            let (colour, number) = (COLOURS[at % COLOURS.len()], at + 1);
            format!("<li><i style=\"border-color:{colour}\"></i>{number}</li>")
        };
        let all: String = (0..self.score.uses.len()).map(one).collect();
        format!("<ul class=\"legend\">{all}</ul>\n")
    }
}

/// The names of all predictors, and what each tells of each part.
fn parts(score: &KeypointScore) -> (Vec<&str>, Vec<Vec<String>>) {
    let mut header = vec!["median error"];
    header.extend(score.parts.iter().take(1).flat_map(|part| &part.errors).map(|error| error.predictor.as_str()));
    let lists = [(&score.parts, ""), (&score.visible, ", seen"), (&score.hidden, ", hidden")];
    let rows = lists.into_iter().flat_map(|(parts, when)| {
        parts.iter().map(move |part| {
            let first = format!("{}{when}, {}", part.name, part.unit);
            std::iter::once(first).chain(part.errors.iter().map(|error| told(error.median))).collect()
        })
    });
    (header, rows.collect())
}

fn bodies(score: &KeypointScore) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let header = vec![
        "thing",
        "its keypoint",
        "switches in 1000 rows",
        "seen: it is there",
        "median distance",
        "with another thing, of 1000 rows",
        "hidden rows",
        "it is there",
        "median distance",
        "with another thing, of 1000 rows",
    ];
    let rows = score.bodies.iter().map(|body| {
        let side = |at: usize, distance: Quantile| match body.rows[at] {
            0 => ["–"; 3].map(str::to_owned),
            _ => [
                format!("{:.0} %", 100.0 * body.there[at]),
                format!("{} {}", told(distance), body.unit),
                format!("{:.0}", body.with_another[at]),
            ],
        };
        let first = [body.name.clone(), (body.keypoint + 1).to_string(), format!("{:.1}", body.switches)];
        let (seen, hidden) = (side(0, body.visible), side(1, body.hidden));
        first.into_iter().chain(seen).chain([body.rows[1].to_string()]).chain(hidden).collect()
    });
    (header, rows.collect())
}

impl Marked {
    fn to_html(&self) -> String {
        let mut out = "<figure>".to_owned();
        push(&mut out, "<h3>", &self.title, "</h3>");
        out.push_str("<div class=\"marked\">");
        for ((picture, marks), step) in self.pictures.iter().zip(&self.marks).zip(&self.steps) {
            let (width, height) = (picture.width, picture.height);
            let _ = write!(
                out,
                "<div><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\"><image width=\"{width}\" height=\"{height}\" href=\"{}\"/>",
                escape(step),
                data_uri(picture)
            );
            let radius = width as f32 * 0.055;
            for (at, mark) in marks.iter().enumerate().filter(|(_, mark)| mark.presence >= FAINT) {
                let (colour, number, Mark { x, y, presence }) = (COLOURS[at % COLOURS.len()], at + 1, *mark);
                // A pale rim keeps a ring apart from what it lies on.
                let _ = write!(
                    out,
                    "<g fill=\"none\" opacity=\"{presence:.2}\"><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" stroke=\"#fff\" stroke-width=\"{:.1}\"/><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" stroke=\"{colour}\" stroke-width=\"{:.1}\"><title>keypoint {number}, presence {presence:.2}</title></circle></g>",
                    radius * 0.55,
                    radius * 0.33
                );
            }
            push(&mut out, "</svg><span>", step, "</span></div>");
        }
        out + "</div></figure>\n"
    }
}

impl Crops {
    fn to_html(&self, at: usize) -> String {
        let (colour, number) = (COLOURS[at % COLOURS.len()], at + 1);
        let mut out = format!("<tr><th scope=\"row\"><b style=\"color:{colour}\">◯ {number}</b></th>");
        for piece in &self.pieces {
            let _ = write!(out, "<td class=\"piece\"><img alt=\"keypoint {number}\" src=\"{}\"></td>", data_uri(piece));
        }
        push(&mut out, "<td class=\"words\" colspan=\"12\">", &self.words, "</td></tr>");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::still::KeypointUse;
    use super::*;

    #[test]
    fn rings_are_where_keypoints_are_and_those_that_are_not_there_are_not_drawn() {
        let mark = |x, presence| Mark { x, y: 7.0, presence };
        let strip = Marked {
            title: "Episode <3>".to_owned(),
            steps: vec!["row 0".to_owned()],
            pictures: vec![Image::filled(10, 10, [1, 2, 3])],
            marks: vec![vec![mark(5.0, 0.9), mark(2.0, 0.0)]],
        };
        let used = KeypointUse { presence: 0.9, there: 1.0, wanders: 5.0, bare: 0.0, sticks: false };
        let score = KeypointScore { uses: vec![used.clone(), used], ..KeypointScore::default() };
        let page =
            KeypointsPage { title: "Keypoints".to_owned(), strips: vec![strip], score, ..KeypointsPage::default() };
        let html = page.to_html();
        assert!(html.contains("cx=\"5.0\"") && html.contains("keypoint 1, presence 0.90"), "{html}");
        assert!(!html.contains("cx=\"2.0\"") && html.contains("Episode &lt;3&gt;"), "{html}");
        assert!(html.contains(COLOURS[1]), "the legend has all");
    }
}
