//! Messages for measuring search, as many as are asked for: `corpus <messages> <channels> <seed>` reads a vocabulary, a word a
//! line with the commonest first, and writes a line a message, as PostgreSQL's `COPY` reads it: number, number of the channel,
//! number in the channel, time, sender, kind of content, whom it mentions, whether it has a link, text, and its words as a
//! `tsvector`.
//!
//! Words are drawn as often as texts have them: the second half as often as the first, the third a third.

use std::env::args;
use std::error::Error;
use std::io::{BufWriter, Write, stdin, stdout};

use messaging_core::search::analyse;

/// The first message is of 2024, the last one two years younger.
const FIRST: u64 = 1_704_067_200_000_000;
const SPAN: u64 = 730 * 86_400_000_000;
const SENDERS: u64 = 2_000;
const AGENTS: u64 = 50;

/// Numbers that look drawn, from a seed (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Words, each with its share and that of those before it.
struct Vocabulary {
    words: Vec<String>,
    shares: Vec<f64>,
}

impl Vocabulary {
    fn new(words: Vec<String>) -> Self {
        let mut sum = 0.0;
        let sums = (1..=words.len()).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        let sums: Vec<f64> = sums.collect();
        Self { words, shares: sums.iter().map(|upto| upto / sum).collect() }
    }

    fn text(&self, draw: &mut Draw) -> String {
        let mut text = String::new();
        for number in 0..3 + draw.below(10) {
            let share = draw.fraction();
            let word = self.words.get(self.shares.partition_point(|upto| *upto < share));
            text.push_str(if number == 0 { "" } else { " " });
            text.push_str(word.map_or("", String::as_str));
        }
        if draw.below(20) == 0 {
            text.push_str(&format!(" https://example.com/{}", draw.below(10_000)));
        }
        text
    }
}

/// A moment as PostgreSQL reads it, with a Julian day.
fn moment(at: u64) -> String {
    let (seconds, fraction) = (at / 1_000_000, at % 1_000_000);
    let (day, hour, minute) = (seconds / 86_400 + 2_440_588, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("J{day} {hour:02}:{minute:02}:{:02}.{fraction:06}+00", seconds % 60)
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = args().skip(1).map(|number| number.parse()).collect::<Result<Vec<u64>, _>>()?;
    let [messages, channels, seed] = given.as_slice() else {
        return Err("corpus <messages> <channels> <seed>".into());
    };
    let vocabulary = Vocabulary::new(stdin().lines().collect::<Result<_, _>>()?);
    let (mut draw, mut seqs) = (Draw(*seed), vec![0_u64; usize::try_from(*channels)?]);
    let mut out = BufWriter::with_capacity(1 << 20, stdout().lock());
    for number in 0..*messages {
        // Some channels are livelier than others: the first of 5,000 has one message of seventy.
        let channel = (draw.fraction().powi(2) * seqs.len() as f64) as usize;
        let Some(seq) = seqs.get_mut(channel) else { continue };
        *seq += 1;
        let at = moment(FIRST + SPAN / messages * number + draw.below(1_000_000));
        let sender = match draw.below(SENDERS) {
            agent if agent < AGENTS => format!("agent:agent{agent}"),
            user => format!("user:user{user}"),
        };
        let kind = match draw.below(50) {
            0 => "image",
            1 => "file",
            _ => "text",
        };
        let mentioned = match draw.below(30) {
            0 => format!("user:user{}", AGENTS + draw.below(SENDERS - AGENTS)),
            _ => String::new(),
        };
        let text = vocabulary.text(&mut draw);
        let analysis = analyse(&text);
        let words = analysis.vector().replace('\\', "\\\\");
        let has_link = analysis.has_link();
        writeln!(
            out,
            "{number}\t{channel}\t{seq}\t{at}\t{sender}\t{kind}\t{{{mentioned}}}\t{has_link}\t{text}\t{words}"
        )?;
    }
    out.flush()?;
    Ok(())
}
