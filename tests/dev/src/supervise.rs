//! Keeps the services of a stack running: one that dies is started again, unless it dies again and again.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::app;
use crate::process::Identity;
use crate::progress::{note, step};
use crate::service::{Name, Service};
use crate::stack::{Stack, StackFile};
use crate::stop::Stop;

/// So many deaths within `WINDOW` are too many.
const TOO_MANY: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// The pause after the first death; it doubles with each further one in the window.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long a service that was started again may take until it is ready, before that is worth a warning.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to do about a death.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    StartAfter(Duration),
    GiveUp,
}

/// The deaths of one service within the window.
#[derive(Default)]
struct Deaths(VecDeque<Instant>);

impl Deaths {
    fn add(&mut self, now: Instant) -> Verdict {
        self.0.retain(|&death| now.duration_since(death) < WINDOW);
        self.0.push_back(now);
        match self.0.len() {
            TOO_MANY.. => Verdict::GiveUp,
            deaths => Verdict::StartAfter(FIRST_PAUSE * (1 << (deaths - 1))),
        }
    }
}

/// What is being done about a process that has died.
struct Plan {
    process: Option<Identity>,
    /// When it is started again; `None` after too many deaths.
    at: Option<Instant>,
}

/// Watches over the services of one stack. It has to be called from the main thread, to whose life services are tied.
#[derive(Default)]
pub struct Supervisor {
    deaths: BTreeMap<Name, Deaths>,
    plans: BTreeMap<Name, Plan>,
}

impl Supervisor {
    /// Looks after the services that died although nobody stopped them.
    pub fn look_after(&mut self, dead: Vec<(Name, Service)>, stack: &Stack, file: &StackFile, stop: &Stop) {
        for (name, service) in dead {
            match self.plans.get(&name) {
                Some(plan) if plan.process == service.process => match plan.at {
                    Some(at) if at <= Instant::now() => self.start_again(name, stack, file, stop),
                    _ => {}
                },
                _ => self.plan(name, &service),
            }
        }
    }

    /// Decides about a death that nobody has seen yet.
    fn plan(&mut self, name: Name, service: &Service) {
        let now = Instant::now();
        let at = match self.deaths.entry(name).or_default().add(now) {
            Verdict::StartAfter(pause) => {
                let log = service.log.display();
                step(&format!("{name} ended; starting it again in {} s (its log: {log})", pause.as_secs_f32()));
                Some(now + pause)
            }
            Verdict::GiveUp => {
                step(&format!("{name} ended {TOO_MANY} times within a minute and is left alone; the others go on"));
                note(&format!("{}\n`cargo dev start {name}` starts it again.", service.log_end()));
                self.deaths.remove(&name);
                None
            }
        };
        self.plans.insert(name, Plan { process: service.process, at });
    }

    fn start_again(&mut self, name: Name, stack: &Stack, file: &StackFile, stop: &Stop) {
        // While somebody else changes the stack, by `cargo dev restart` for example, its turn comes later.
        let Ok(Some(_guard)) = file.try_lock() else { return };
        let Ok(Some(now)) = file.load() else { return };
        let Some(mut service) = now.services.get(&name).filter(|now| !now.alive() && !now.stopped).cloned() else {
            return;
        };
        // What it has left behind may hold its port.
        service.kill(stop);
        if let Err(error) = respawn(name, &mut service, file) {
            note(&format!("error: {error:#}"));
            let died = self.deaths.entry(name).or_default().add(Instant::now());
            let at = if let Verdict::StartAfter(pause) = died { Some(Instant::now() + pause) } else { None };
            self.plans.insert(name, Plan { process: service.process, at });
            return;
        }
        self.plans.remove(&name);
        announce(name, service, stack.clone(), stop.clone());
    }
}

fn respawn(name: Name, service: &mut Service, file: &StackFile) -> Result<()> {
    service.spawn(true)?;
    step(&format!("{name} runs again as process {}", service.process.map_or(0, |process| process.pid)));
    file.update(name, service)
}

/// Says when it is ready, without holding up the watch over the others.
fn announce(name: Name, service: Service, stack: Stack, stop: Stop) {
    std::thread::spawn(move || match service.wait_ready(name, PATIENCE, &stop) {
        Ok(()) => {
            step(&format!("{name} is ready at {}", service.address));
            // The homeserver waits ever longer between its tries while the app is away.
            if matches!(name, Name::App | Name::Synapse)
                && let Err(error) = app::ping(&stack)
            {
                note(&format!("warning: {error:#}"));
            }
        }
        // Another death, or the end of the stack, has its own line.
        Err(_) if stop.count() > 0 || !service.alive() => {}
        Err(error) => note(&format!("warning: {error:#}")),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_fifth_death_within_a_minute() {
        let (mut deaths, start) = (Deaths::default(), Instant::now());
        let verdicts: Vec<Verdict> = (0..5).map(|second| deaths.add(start + Duration::from_secs(second))).collect();
        let pauses = [500, 1_000, 2_000, 4_000].map(|pause| Verdict::StartAfter(Duration::from_millis(pause)));
        assert_eq!(verdicts[..4], pauses);
        assert_eq!(verdicts[4], Verdict::GiveUp);
    }

    #[test]
    fn deaths_of_more_than_a_minute_ago_do_not_count() {
        let (mut deaths, start) = (Deaths::default(), Instant::now());
        for death in 0..100 {
            let verdict = deaths.add(start + Duration::from_secs(20 * death));
            assert!(matches!(verdict, Verdict::StartAfter(pause) if pause <= FIRST_PAUSE * 4), "{verdict:?}");
        }
        assert!(deaths.0.len() < TOO_MANY);
    }
}
