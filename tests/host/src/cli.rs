//! The command line. The flags about instances are named and read as those of `spin up`.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use clap::Parser;

/// Runs the components of a spin.toml over wasmtime, as `spin up` would, for machines without Spin.
#[derive(Debug, Parser)]
#[command(name = "local-host")]
pub struct Options {
    /// The application's manifest
    #[arg(long, default_value = "spin.toml")]
    pub manifest: PathBuf,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: SocketAddr,

    /// Where compiled components are kept between starts
    #[arg(long, default_value = "target/dev/wasm-cache")]
    pub cache_dir: PathBuf,

    /// Folder for `<component>_stdout.txt` and `<component>_stderr.txt`, instead of this program's stderr
    #[arg(long)]
    pub log_dir: Option<PathBuf>,

    #[command(flatten)]
    pub instances: InstanceLimits,
}

/// How long an instance lives and how much it is given to do. Each new instance draws its own value from a range.
#[derive(Clone, Debug, clap::Args)]
pub struct InstanceLimits {
    /// Requests that an instance serves before it is dropped: N, or A..B to draw from A to B-1
    #[arg(long, default_value = "128", value_parser = counts)]
    pub max_instance_reuse_count: RangeInclusive<usize>,

    /// Requests that an instance serves at once: N or A..B
    #[arg(long, default_value = "16", value_parser = counts)]
    pub max_instance_concurrent_reuse_count: RangeInclusive<usize>,

    /// How long an idle instance waits for another request: seconds, or with `s`, `ms`, `us`, `ns`; or A..B
    #[arg(long, default_value = "1s", value_parser = durations)]
    pub idle_instance_timeout: RangeInclusive<Duration>,

    /// How long a request may take before it is answered with 500; no limit by default
    #[arg(long, value_parser = durations)]
    pub request_timeout: Option<RangeInclusive<Duration>>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|error| error.to_string())?;
    found.next().ok_or_else(|| format!("{text} has no address"))
}

fn counts(text: &str) -> Result<RangeInclusive<usize>, String> {
    let number =
        |part: &str| part.parse::<usize>().map_err(|_| format!("expected a number or a range like 1..8, got {text:?}"));
    let range = match text.split_once("..") {
        None => number(text)?..=number(text)?,
        // As in Rust, the end of a range is not in it.
        Some((start, end)) => {
            let last = number(end)?.checked_sub(1);
            number(start)?..=last.ok_or_else(|| format!("{text:?} is empty"))?
        }
    };
    not_empty(range, text)
}

fn durations(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let range = match text.split_once("..") {
        None => duration(text)?..=duration(text)?,
        Some((start, end)) => duration(start)?..=duration(end)?,
    };
    not_empty(range, text)
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number = digits.parse::<u64>().map_err(|_| format!("expected a duration like 2, 2s or 200ms, got {text:?}"))?;
    match text.strip_prefix(digits) {
        Some("" | "s") => Ok(Duration::from_secs(number)),
        Some("ms") => Ok(Duration::from_millis(number)),
        Some("us" | "μs") => Ok(Duration::from_micros(number)),
        Some("ns") => Ok(Duration::from_nanos(number)),
        _ => Err(format!("unknown unit of time in {text:?}")),
    }
}

fn not_empty<T: PartialOrd>(range: RangeInclusive<T>, text: &str) -> Result<RangeInclusive<T>, String> {
    if range.is_empty() {
        return Err(format!("{text:?} is empty"));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_number_or_a_range_without_its_end() {
        assert_eq!(counts("128").unwrap(), 128..=128);
        assert_eq!(counts("1..8").unwrap(), 1..=7);
        for wrong in ["", "8..1", "1..1", "0..0", "x", "1..", "-1"] {
            assert!(counts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_duration_is_in_seconds_unless_it_says_otherwise() {
        assert_eq!(duration("2").unwrap(), Duration::from_secs(2));
        assert_eq!(duration("2s").unwrap(), Duration::from_secs(2));
        assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
        let range = durations("100ms..2s").unwrap();
        assert_eq!(*range.start(), Duration::from_millis(100));
        for wrong in ["", "s", "2h", "1.5s", "2s..1s"] {
            assert!(durations(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_flags_have_the_defaults_of_spin() {
        let options = Options::try_parse_from(["local-host"]).unwrap();
        assert_eq!(options.listen.port(), 3000);
        assert_eq!(options.instances.max_instance_reuse_count, 128..=128);
        assert_eq!(options.instances.max_instance_concurrent_reuse_count, 16..=16);
        assert!(options.instances.request_timeout.is_none());
    }
}
