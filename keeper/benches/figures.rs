//! Figures of a kept session beside bare pipes: `cargo bench -p claude-duplex-keeper --bench figures`.
//!
//! The CLI is this program in another role. README.md has the figures and their targets.

#[cfg(unix)]
mod unix {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use claude_duplex_keeper::frame::{FromKeeper, Start, Stream, ToKeeper};
    use claude_duplex_keeper::{Attach, Attached, Launch, Place, SessionId};

    const ROLE: &str = "KEEPER_BENCH_ROLE";
    const KEEPER: &str = env!("CARGO_BIN_EXE_claude-duplex-keeper");

    /// Bytes of an unpaced stream, and streams of each kind, by turns.
    const FLOOD: usize = 1 << 28;
    const FLOODS: usize = 5;
    /// Length of a message.
    const MESSAGE: usize = 300;
    /// Messages a second, and seconds, of a paced stream.
    const RATE: u32 = 30_000;
    const SECONDS: u32 = 5;
    const PROMPTS: usize = 5_000;
    /// Window of a host; like the transport of this crate it reports progress at each quarter.
    const WINDOW: u64 = 256 * 1024;

    fn now() -> u128 {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos())
    }

    /// Plays a CLI.
    fn play(role: &str) {
        let (mut stdin, mut stdout) = (BufReader::new(std::io::stdin()), std::io::stdout());
        let mut line = String::new();
        match role {
            "echo" => {
                while stdin.read_line(&mut line).is_ok_and(|count| count > 0) {
                    stdout.write_all(line.as_bytes()).unwrap();
                    stdout.flush().unwrap();
                    line.clear();
                }
            }
            "flood" => {
                let lines = ("x".repeat(MESSAGE - 1) + "\n").repeat(64 * 1024 / MESSAGE);
                let _ = stdin.read_line(&mut line);
                let mut left = FLOOD;
                while left > 0 {
                    let count = left.min(lines.len());
                    stdout.write_all(&lines.as_bytes()[..count]).unwrap();
                    left -= count;
                }
                stdout.flush().unwrap();
                let _ = stdin.read_line(&mut line);
            }
            "paced" => {
                let _ = stdin.read_line(&mut line);
                let begun = Instant::now();
                for number in 0..RATE * SECONDS {
                    let due = Duration::from_secs(1) * number / RATE;
                    while begun.elapsed() < due {
                        std::thread::sleep(Duration::from_micros(50));
                    }
                    let mut message = format!("{} ", now());
                    message.extend(std::iter::repeat_n('x', MESSAGE - 1 - message.len()));
                    message.push('\n');
                    stdout.write_all(message.as_bytes()).unwrap();
                }
                let _ = stdin.read_line(&mut line);
            }
            _ => {
                stdout.write_all(&vec![b'x'; 10_000_000]).unwrap();
                stdout.flush().unwrap();
                let _ = stdin.read_line(&mut line);
            }
        }
    }

    /// A host's side of stdin and stdout.
    trait Side {
        fn write(&mut self, bytes: &[u8]);
        fn read(&mut self, use_bytes: &mut dyn FnMut(&[u8]));
    }

    struct Pipes(Child, Vec<u8>);

    impl Pipes {
        fn start(role: &str) -> Self {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
            Self(command.spawn().unwrap(), vec![0; 64 * 1024])
        }
    }

    impl Side for Pipes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.stdin.as_mut().unwrap().write_all(bytes).unwrap();
        }

        fn read(&mut self, use_bytes: &mut dyn FnMut(&[u8])) {
            let count = self.0.stdout.as_mut().unwrap().read(&mut self.1).unwrap();
            use_bytes(&self.1[..count]);
        }
    }

    impl Drop for Pipes {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    struct Kept {
        place: Place,
        id: SessionId,
        attached: Option<Attached>,
        read: u64,
        acknowledged: u64,
        sent: u64,
    }

    impl Kept {
        fn start(role: &str) -> Self {
            let place = Place::new(std::env::temp_dir().join(format!("keeper-bench-{}", std::process::id())));
            let id = SessionId::random().unwrap();
            let launch = Launch::new(place.clone(), std::env::current_exe().unwrap()).keeper(KEEPER).env(ROLE, role);
            launch.id(id.clone()).start().unwrap();
            let mut this = Self { place, id, attached: None, read: 0, acknowledged: 0, sent: 0 };
            this.attached = Some(this.attach());
            this
        }

        fn attach(&self) -> Attached {
            let attach = Attach::controller().window(WINDOW).from(Start::At(self.read), Start::Oldest);
            attach.connect(&self.place, &self.id).unwrap()
        }

        /// Returns the process id of the keeper, which is the parent of the CLI.
        fn keeper(&self) -> String {
            status(&self.attached.as_ref().unwrap().welcome.cli.to_string(), "PPid:")
        }

        /// Returns the resident memory of the keeper, in KiB.
        fn memory(&self) -> u64 {
            status(&self.keeper(), "VmRSS:").parse().unwrap()
        }
    }

    /// Returns a field of a process's status, without a unit.
    fn status(pid: &str, name: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").to_owned()
    }

    /// Returns the processor time of a process so far, in seconds.
    fn cpu_time(pid: &str) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = |at: usize| fields.split_whitespace().nth(at).unwrap().parse::<f64>().unwrap();
        // User and system time, in hundredths of a second.
        (ticks(11) + ticks(12)) / 100.0
    }

    impl Side for Kept {
        fn write(&mut self, bytes: &[u8]) {
            self.attached.as_mut().unwrap().send(&ToKeeper::Stdin { offset: self.sent, bytes }).unwrap();
            self.sent += bytes.len() as u64;
        }

        fn read(&mut self, use_bytes: &mut dyn FnMut(&[u8])) {
            let (attached, read) = (self.attached.as_mut().unwrap(), &mut self.read);
            let received = attached.receive(|frame| {
                if let FromKeeper::Output { stream: Stream::Stdout, bytes, .. } = frame {
                    *read += bytes.len() as u64;
                    use_bytes(bytes);
                }
            });
            received.unwrap().expect("the session goes on");
            if self.read - self.acknowledged >= WINDOW / 4 {
                self.acknowledged = self.read;
                let window = self.read + WINDOW;
                let progress = ToKeeper::Progress {
                    stdout_kept: self.read,
                    stderr_kept: 0,
                    stdout_window: window,
                    stderr_window: window,
                };
                attached.send(&progress).unwrap();
            }
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            self.attached = None;
            let mut stop = Command::new(KEEPER);
            let _ = stop.args(["stop", "--dir"]).arg(self.place.path()).arg(self.id.as_str()).output();
            let _ = std::fs::remove_dir(self.place.path());
        }
    }

    /// Returns the bytes per second of a flood.
    fn flood(side: &mut dyn Side) -> f64 {
        side.write(b"go\n");
        let (begun, mut total) = (Instant::now(), 0);
        while total < FLOOD {
            side.read(&mut |bytes| total += bytes.len());
        }
        FLOOD as f64 / begun.elapsed().as_secs_f64()
    }

    /// Returns the median of the time from a prompt to its response.
    fn prompts(side: &mut dyn Side) -> Duration {
        let prompt = "p".repeat(MESSAGE - 1) + "\n";
        let mut times: Vec<Duration> = (0..PROMPTS)
            .map(|_| {
                let (begun, mut total) = (Instant::now(), 0);
                side.write(prompt.as_bytes());
                while total < prompt.len() {
                    side.read(&mut |bytes| total += bytes.len());
                }
                begun.elapsed()
            })
            .collect();
        times.sort();
        times[PROMPTS / 2]
    }

    /// Returns the number of messages, and the median, 99th percentile and longest of their delays.
    fn paced(side: &mut dyn Side) -> (usize, [Duration; 3]) {
        side.write(b"go\n");
        let (mut delays, mut rest) = (Vec::new(), Vec::new());
        while delays.len() < (RATE * SECONDS) as usize {
            side.read(&mut |bytes| {
                rest.extend_from_slice(bytes);
                let now = now();
                let whole = rest.len() / MESSAGE * MESSAGE;
                for message in rest[..whole].chunks(MESSAGE) {
                    let digits = message.split(|byte| *byte == b' ').next().unwrap();
                    let sent: u128 = std::str::from_utf8(digits).unwrap().parse().unwrap();
                    delays.push(Duration::from_nanos(u64::try_from(now.saturating_sub(sent)).unwrap()));
                }
                rest.drain(..whole);
            });
        }
        delays.sort();
        let count = delays.len();
        (count, [delays[count / 2], delays[count * 99 / 100], delays[count - 1]])
    }

    pub(crate) fn main() {
        if let Some(role) = std::env::var_os(ROLE) {
            return play(role.to_str().unwrap());
        }
        let (mut bare, mut through, mut times, mut memory) = (Vec::new(), Vec::new(), [0.0; 2], 0);
        for _ in 0..FLOODS {
            let mut pipes = Pipes::start("flood");
            bare.push(flood(&mut pipes));
            let mut kept = Kept::start("flood");
            through.push(flood(&mut kept));
            times[0] += cpu_time(&pipes.0.id().to_string());
            times[1] += cpu_time(&kept.keeper());
            memory = memory.max(kept.memory());
        }
        let mut ratios: Vec<f64> = bare.iter().zip(&through).map(|(bare, through)| through / bare).collect();
        [&mut bare, &mut through, &mut ratios].into_iter().for_each(|all| all.sort_by(f64::total_cmp));
        let [bare, through, ratio] = [bare, through, ratios].map(|all| all[FLOODS / 2]);
        println!(
            "unpaced: {:.0} MB/s by bare pipes, {:.0} MB/s kept: {ratio:.2} times (medians of {FLOODS})",
            bare / 1e6,
            through / 1e6
        );
        let gigabytes = (FLOODS * FLOOD) as f64 / 1e9;
        println!(
            "processor time of a GB: {:.2} s of the bare CLI, {:.2} s of the keeper",
            times[0] / gigabytes,
            times[1] / gigabytes
        );
        println!("resident after {} MiB: {memory} KiB", FLOOD >> 20);
        let (bare, through) = (prompts(&mut Pipes::start("echo")), prompts(&mut Kept::start("echo")));
        println!("a prompt: {bare:?} by bare pipes, {through:?} kept: {:?} more", through.saturating_sub(bare));
        let (count, [median, most, longest]) = paced(&mut Pipes::start("paced"));
        println!("{RATE}/s by bare pipes: {count} messages, median {median:?}, 99 % {most:?}, longest {longest:?}");
        let (count, [median, most, longest]) = paced(&mut Kept::start("paced"));
        println!("{RATE}/s kept: {count} messages, median {median:?}, 99 % {most:?}, longest {longest:?}");
        let mut kept = Kept::start("10 MB");
        // All of it is in the keeper.
        while kept.attach().welcome.stdout.end < 10_000_000 {
            std::thread::yield_now();
        }
        let begun = Instant::now();
        kept.attached = Some(kept.attach());
        let mut total = 0;
        while total < 10_000_000 {
            kept.read(&mut |bytes| total += bytes.len());
        }
        println!("attach, and all of 10 MB: {:?}; resident: {} KiB", begun.elapsed(), kept.memory());
    }
}

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {}
