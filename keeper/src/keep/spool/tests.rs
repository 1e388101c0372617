use super::*;

const MEMORY: usize = 128 * 1024;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("keeper-spool-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).unwrap();
    path
}

fn bytes(range: std::ops::Range<u64>) -> Vec<u8> {
    range.map(|offset| (offset % 251) as u8).collect()
}

/// Stream with a clock, and a CLI that writes a byte for each offset.
struct Stage {
    spool: Spool,
    now: Instant,
    end: u64,
}

impl Stage {
    fn new(path: PathBuf, limit: u64, memory: usize) -> Self {
        Self { spool: Spool::new(path, limit, memory), now: Instant::now(), end: 0 }
    }

    /// Writes `count` bytes as the CLI. Reads as many as there is room for, and returns their number.
    fn write(&mut self, count: usize) -> usize {
        let written = bytes(self.end..self.end + count as u64);
        let count = self.spool.fill(&mut &written[..], self.now).unwrap_or(0);
        self.end += count as u64;
        count
    }

    /// Advances the clock until all bytes are written to files.
    fn wait(&mut self) {
        self.now += GRACE;
        self.spool.relieve(true, self.now);
    }

    fn acknowledge(&mut self, offset: u64) {
        self.spool.acknowledge(offset, self.now);
    }

    fn read_all(&self, from: u64) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        while from + (all.len() as u64) < self.end {
            let offset = from + all.len() as u64;
            match self.spool.in_memory(offset, self.end) {
                Some(parts) => parts.iter().for_each(|part| all.extend_from_slice(part)),
                None => {
                    let count = self.spool.read(offset, &mut buffer).unwrap();
                    all.extend_from_slice(&buffer[..count]);
                }
            }
        }
        all
    }
}

fn files(folder: &PathBuf) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn every_offset_reads_the_byte_that_was_written_there() {
    let folder = folder("reads");
    // The memory holds less than the files.
    let mut stage = Stage::new(folder.join("out"), 64_000, 10_000);
    for size in [1, 999, 1000, 1001, 2500, 10, 4000, 4000, 4000] {
        assert_eq!(stage.write(size), size);
        stage.wait();
    }
    let end = stage.end;
    assert_eq!(stage.spool.state(), StreamState { oldest: 0, end, ended: false });
    assert!(files(&folder) > 3);
    for from in (0..=end).step_by(97) {
        assert_eq!(stage.read_all(from), bytes(from..end));
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn bytes_that_a_host_acknowledges_in_time_are_never_in_a_file() {
    let folder = folder("in-time");
    let mut stage = Stage::new(folder.join("out"), 1 << 20, MEMORY);
    for _ in 0..100 {
        assert_eq!(stage.write(50_000), 50_000);
        stage.spool.relieve(true, stage.now);
        stage.now += GRACE / 2;
        stage.acknowledge(stage.end - 10);
    }
    assert_eq!(files(&folder), 0);
    assert_eq!(stage.read_all(stage.end - 10), bytes(stage.end - 10..stage.end));
    // The rest is late now.
    assert_eq!(stage.spool.due(), Some(stage.now + GRACE));
    stage.wait();
    assert_eq!((files(&folder), stage.spool.due()), (1, None));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_full_memory_waits_only_for_a_host_that_reads() {
    let folder = folder("full");
    let mut stage = Stage::new(folder.join("out"), 1 << 20, MEMORY);
    assert_eq!(stage.write(200_000), MEMORY);
    stage.spool.relieve(true, stage.now);
    assert_eq!((stage.spool.room(), files(&folder)), (0, 0));
    // Room for a few bytes is none.
    stage.acknowledge(LEAST_ROOM as u64 - 1);
    assert_eq!(stage.spool.room(), 0);
    stage.spool.relieve(false, stage.now);
    assert_eq!((stage.spool.room(), stage.spool.due()), (MEMORY, None));
    assert!(files(&folder) > 0);
    // A memory with more room than that is not full.
    assert_eq!(stage.write(MEMORY), MEMORY);
    stage.acknowledge((MEMORY + LEAST_ROOM) as u64);
    stage.spool.relieve(false, stage.now);
    assert_eq!(stage.spool.room(), LEAST_ROOM);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn acknowledged_bytes_free_memory_and_their_files_are_removed() {
    let folder = folder("acknowledged");
    let mut stage = Stage::new(folder.join("out"), 64_000, 5_000);
    while stage.write(700) > 0 {
        stage.wait();
    }
    assert_eq!((stage.end, files(&folder)), (64_000, 16));
    stage.acknowledge(32_000);
    assert_eq!((stage.spool.room(), files(&folder)), (5_000, 8));
    assert_eq!((stage.spool.state().oldest, stage.read_all(32_000)), (32_000, bytes(32_000..64_000)));
    assert!(stage.spool.read(0, &mut [0; 10]).is_err());
    // Neither what goes back nor what is beyond the end counts.
    stage.acknowledge(1);
    stage.acknowledge(u64::MAX);
    assert_eq!((stage.spool.state().oldest, files(&folder)), (59_000, 1));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_a_disk_output_stays_in_memory_until_acknowledged() {
    let folder = folder("disk");
    let mut stage = Stage::new(folder.join("missing").join("out"), 1 << 20, MEMORY);
    assert_eq!(stage.write(1000), 1000);
    stage.wait();
    assert!(stage.spool.trouble().is_some() && stage.spool.due().is_none());
    while stage.write(10_000) > 0 {
        stage.wait();
    }
    assert!(stage.end > (MEMORY - LEAST_ROOM) as u64 && stage.spool.state().oldest == 0);
    let end = stage.end;
    assert_eq!(stage.read_all(0), bytes(0..end));
    stage.acknowledge(end - 10);
    assert_eq!(stage.spool.room(), MEMORY - 10);
    assert_eq!(stage.write(5), 5);
    stage.wait();
    assert!(stage.spool.trouble().is_some());
    assert_eq!(stage.read_all(end - 10), bytes(end - 10..end + 5));
    // The disk is there again.
    fs::create_dir(folder.join("missing")).unwrap();
    stage.wait();
    assert!(stage.spool.trouble().is_none());
    assert_eq!(files(&folder.join("missing")), 1);
    assert_eq!(stage.write(4), 4);
    assert_eq!(stage.read_all(end - 10), bytes(end - 10..end + 9));
    fs::remove_dir_all(folder).unwrap();
}
