//! A killed run resumes, and its result has the same bits as that of an uninterrupted run.

use crate::{TRAIN, failure, names, stdout, ugmm, with_iris};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Options of cross-validation and a final model, with as many checkpoints as possible.
const RUN: [&str; 6] = ["--epochs", "60", "--folds", "3", "--checkpoint-interval", "0s"];
/// On two threads, networks are trained side by side.
const THREADS: [[&str; 2]; 2] = [["--threads", "1"], ["--threads", "2"]];
const CHECKPOINT: &str = "iris.safetensors.checkpoint";
const KILLS: u32 = 20;

fn start(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ugmm"))
        .current_dir(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The process is killed (kill -9) at twenty arbitrary moments, and resumes each time.
#[test]
fn a_run_killed_twenty_times_ends_with_the_same_bits() {
    let folder = with_iris();
    let [one, two] = THREADS.map(|threads| killed_twenty_times(folder.path(), &threads));
    assert!(one == two);
}

/// The model of a run that is killed twenty times.
fn killed_twenty_times(at: &Path, threads: &[&str]) -> Vec<u8> {
    let model = at.join("iris.safetensors");
    let arguments = [&TRAIN[..], &RUN, threads].concat();
    let began = Instant::now();
    stdout(&ugmm(at, &arguments));
    let whole = began.elapsed();
    let expected = std::fs::read(&model).unwrap();
    std::fs::remove_file(&model).unwrap();
    assert!(!at.join(CHECKPOINT).exists());
    let (mut kills, mut went_on) = (0, 0);
    let resume = [&arguments[..], &["--resume"]].concat();
    for attempt in 0..10 * KILLS {
        let found = at.join(CHECKPOINT).exists();
        let mut child = start(at, &resume);
        if kills < KILLS {
            // The process is killed after a varying fraction of the duration of the whole run, so that some
            // of the work is done.
            let share = f64::from(attempt * 37 % 23 + 2) / 100.0;
            std::thread::sleep(whole.mul_f64(share) + Duration::from_millis(30));
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        if output.status.code() == Some(0) {
            assert!(std::fs::read(&model).unwrap() == expected);
            assert!(!at.join(CHECKPOINT).exists());
            if kills == KILLS {
                break;
            }
            // The run ended before it was killed; it starts again.
            std::fs::remove_file(&model).unwrap();
        } else {
            assert_eq!(output.status.code(), None, "{output:?}");
            kills += 1;
            went_on += u32::from(found);
            // No file with a final name is incomplete.
            assert!(!model.exists() || std::fs::read(&model).unwrap() == expected);
            if model.exists() {
                std::fs::remove_file(&model).unwrap();
            }
        }
    }
    assert_eq!(kills, KILLS);
    assert!(went_on > KILLS / 2, "only {went_on} began with a checkpoint");
    assert!(std::fs::read(&model).unwrap() == expected);
    expected
}

/// A run of several settings is killed once on two threads and resumes on one, and the other way round.
#[test]
fn a_search_resumes_with_another_number_of_threads() {
    let folder = with_iris();
    let at = folder.path();
    let (model, checkpoint) = (at.join("iris.safetensors"), at.join(CHECKPOINT));
    std::fs::write(at.join("some.toml"), "[narrow]\nhidden = [8]\n[wide]\nhidden = [32]\n").unwrap();
    let search = [&TRAIN[..], &RUN, &["--search", "some.toml", "-q"]].concat();
    stdout(&ugmm(at, &[&search[..], &THREADS[0]].concat()));
    let expected = std::fs::read(&model).unwrap();
    for (first, second) in [(THREADS[0], THREADS[1]), (THREADS[1], THREADS[0])] {
        std::fs::remove_file(&model).unwrap();
        let mut child = start(at, &[&search[..], &first].concat());
        while !checkpoint.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(50));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(checkpoint.exists() && !model.exists());
        stdout(&ugmm(at, &[&search[..], &second, &["--resume"]].concat()));
        assert!(std::fs::read(&model).unwrap() == expected && !checkpoint.exists());
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_checkpoint_that_is_of_use() {
    THREADS.iter().for_each(|threads| ctrl_c_leaves_a_checkpoint(threads));
}

#[cfg(unix)]
fn ctrl_c_leaves_a_checkpoint(threads: &[&str]) {
    let folder = with_iris();
    let at = folder.path();
    let arguments = [&TRAIN[..], &["--epochs", "400", "--folds", "3"], threads].concat();
    let mut child = start(at, &arguments);
    // The table is printed when everything is checked and training begins.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    said.read_line(&mut text).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    said.read_to_string(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(
        text.contains("error: interrupted; iris.safetensors.checkpoint is the checkpoint of the run"),
        "{text}"
    );
    assert!(text.ends_with("; to resume the run: --resume\n"), "{text}");
    assert_eq!(names(&folder), ["iris.csv", "iris.safetensors.checkpoint"]);

    // The checkpoint is not overwritten and does not fit another run.
    let message = failure(&ugmm(at, &arguments));
    let expected =
        "an interrupted run left this checkpoint; delete it to start anew; to resume the run: --resume";
    assert!(message.contains(expected), "{message}");
    let message = failure(&ugmm(at, &[&arguments[..], &["--resume", "--seed", "1"]].concat()));
    assert!(message.contains("this checkpoint is of another run (seed was 0 and is 1)"), "{message}");
    let table = std::fs::read_to_string(at.join("iris.csv")).unwrap();
    std::fs::write(at.join("iris.csv"), table.replacen("5.1", "5.2", 1)).unwrap();
    let message = failure(&ugmm(at, &[&arguments[..], &["--resume"]].concat()));
    assert!(message.contains("this checkpoint is of another run (the table has changed)"), "{message}");
    std::fs::write(at.join("iris.csv"), table).unwrap();

    stdout(&ugmm(at, &[&arguments[..], &["--resume"]].concat()));
    let resumed = std::fs::read(at.join("iris.safetensors")).unwrap();
    stdout(&ugmm(at, &arguments));
    assert!(std::fs::read(at.join("iris.safetensors")).unwrap() == resumed);
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let folder = with_iris();
    let at = folder.path();
    let resume = [&TRAIN[..], &["--epochs", "1", "--resume"]].concat();
    for contents in [&b""[..], b"nonsense", &[255; 64]] {
        std::fs::write(at.join(CHECKPOINT), contents).unwrap();
        let message = failure(&ugmm(at, &resume));
        assert!(message.contains("no usable checkpoint") && message.contains("delete it"), "{message}");
    }
    // A model is not a checkpoint either.
    std::fs::remove_file(at.join(CHECKPOINT)).unwrap();
    stdout(&ugmm(at, &resume));
    std::fs::rename(at.join("iris.safetensors"), at.join(CHECKPOINT)).unwrap();
    let message = failure(&ugmm(at, &resume));
    assert!(message.contains("it is another kind of file"), "{message}");
}
