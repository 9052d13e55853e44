//! A public folder that somebody changed: the audit speaks of every changed byte, and the one thing
//! it cannot see without help from outside, a clean rollback, is said in words.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::publish::{checkpoint, checkpoint_by, publish, publish_by, write};
use support::{Ledger, bodies};
use tempfile::TempDir;
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::Progress;
use treering::audit::finding::{AuditReport, LedgerState, Outcome, Rule, Verdict};
use treering::audit::{AuditInput, audit};
use treering::statement::key::Role;
use treering::tlog::hash::TreeSize;

/// A clock after every statement of the test ledgers.
const CLOCK_S: i64 = support::FOUNDED + 100 * 86_400;

/// Bytes whose change an auditor may ignore, with the reason. There are none: every byte of every
/// published file is hashed, signed, or has one spelling.
const HARMLESS: [(&str, usize, &str); 0] = [];

fn small_ledger() -> Ledger {
    let mut ledger = Ledger::found("tampered");
    let anna = ledger.granted("anna", Role::Recorder);
    for season in ["spring", "summer", "autumn"] {
        ledger.file(&anna, bodies::sealed_anchor(season));
    }
    ledger
}

fn look(folder: &Path, held: Vec<HeldHead>) -> AuditReport {
    let input = AuditInput { held, ..AuditInput::of(folder, CLOCK_S) };
    audit(&input, &Progress::silent()).expect("nobody interrupts")
}

fn remembered(ledger: &Ledger) -> Vec<HeldHead> {
    vec![HeldHead::Remembered(ledger.tree())]
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    files
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.into_path())
        .collect()
}

#[test]
fn an_untouched_folder_is_consistent() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let report = look(folder.path(), remembered(&ledger));
    assert_eq!(report.state, LedgerState::Consistent, "{report:#?}");
    for rule in report.rules.iter().filter(|result| result.rule != Rule::R10) {
        assert_eq!(rule.outcome, Outcome::Pass, "{report:#?}");
    }
    assert_eq!(report.statements.admitted, 5);
}

#[test]
fn every_flipped_byte_of_every_file_is_spoken_of() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    write(folder.path(), "checkpoints/2", checkpoint(&ledger, 2).to_string().as_bytes());
    write(folder.path(), "checkpoints/sizes", b"2\n");
    // An older partial bundle and tile, left for readers of the checkpoint of size 2.
    let older: Vec<Vec<u8>> = ledger.entries[..2].iter().map(|e| e.bytes().to_vec()).collect();
    let bundle = treering::tlog::bundle::encode_bundle(&older).unwrap();
    write(folder.path(), "tile/entries/000.p/2", &bundle);
    let leaves: Vec<_> = ledger.entries[..2].iter().map(|entry| entry.id()).collect();
    write(folder.path(), "tile/0/000.p/2", &treering::tlog::tile::encode_tile(&leaves));
    assert!(flip_every_byte(folder.path(), &ledger, &HARMLESS) > 4_000);
}

/// Bytes of the rotated ledger that an auditor may ignore: signatures of witnesses whom no policy names.
/// Nobody without their keys can tell a damaged line from a sound one; under a policy that names them it
/// counts for nothing (`a_policy_bounds_the_time_or_leaves_the_audit_incomplete`).
fn lines_of_strangers(folder: &Path) -> Vec<(String, usize, &'static str)> {
    let name = "checkpoints/4";
    let text = fs::read_to_string(folder.join(name)).unwrap();
    let start = text.find("— partner.example").unwrap();
    let line = &text[start..];
    // The name, and the base64 of key id and signature; not the marks that make it a signature line.
    let name_at = start + "— ".len();
    let end = start + line.find('\n').unwrap();
    (name_at..end).map(|at| (name.to_string(), at, "a witness whom no policy names")).collect()
}

/// A ledger with a new log key, a new root, and a checkpoint that a witness cosigned.
#[test]
fn every_flipped_byte_of_a_rotated_and_cosigned_ledger_is_spoken_of() {
    use treering::statement::bodies::ledger::RotationReason;
    use treering::tlog::cosignature::CosignatureTime;
    use treering::tlog::note::KeyName;

    let mut ledger = Ledger::found("rotated");
    let anna = ledger.granted("anna", Role::Recorder);
    let (root, old_log, new_log) = (ledger.root.clone(), ledger.log.clone(), support::key("log 2"));
    let body = bodies::rotate_log_key(&new_log, RotationReason::Superseded, false);
    ledger.file_also(&root, body, &[&new_log]);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    let next = ledger.next.clone();
    let body = bodies::rotate_root(&next, &support::key("third root"));
    ledger.file_also(&root, body, &[&next]);

    let folder = TempDir::new().unwrap();
    publish_by(&ledger, &[&old_log, &new_log], folder.path());
    let mut cosigned = checkpoint_by(&ledger, 4, &[&old_log, &new_log]);
    let name = KeyName::new("partner.example/witness").unwrap();
    let time = CosignatureTime::new(1_800_000_000).unwrap();
    let line = cosigned.checkpoint().cosign(&support::key("witness"), &name, time);
    cosigned.add(line).unwrap();
    write(folder.path(), "checkpoints/4", cosigned.to_string().as_bytes());
    write(folder.path(), "checkpoints/sizes", b"4\n");
    let harmless = lines_of_strangers(folder.path());
    assert!(flip_every_byte(folder.path(), &ledger, &harmless) > 3_000);
}

/// Flips a bit of every byte in turn. Each is spoken of, unless the list says that it need not be.
fn flip_every_byte(
    folder: &Path,
    ledger: &Ledger,
    harmless: &[(impl AsRef<str>, usize, &str)],
) -> usize {
    let untouched = look(folder, remembered(ledger));
    assert_eq!(untouched.state, LedgerState::Consistent, "{untouched:#?}");
    let mut flips = 0;
    for path in files_of(folder) {
        let original = fs::read(&path).unwrap();
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        for at in 0..original.len() {
            let mut changed = original.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            let report = look(folder, remembered(ledger));
            let may_pass =
                harmless.iter().any(|(file, byte, _)| (file.as_ref(), *byte) == (&name, at));
            assert!(report != untouched || may_pass, "{name} byte {at} was changed in silence");
            flips += 1;
        }
        fs::write(&path, &original).unwrap();
    }
    flips
}

#[test]
fn missing_cut_and_extra_files_are_named() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let untouched = look(folder.path(), remembered(&ledger));
    for path in files_of(folder.path()) {
        let original = fs::read(&path).unwrap();
        let name = path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        fs::remove_file(&path).unwrap();
        let report = look(folder.path(), remembered(&ledger));
        assert!(report.findings.iter().any(|f| f.what.contains(&name)), "{name}: {report:#?}");
        assert_ne!(report.verdict, Verdict::Pass, "{name} is missing");
        for length in [0, 1, original.len() / 2, original.len() - 1] {
            fs::write(&path, &original[..length]).unwrap();
            let report = look(folder.path(), remembered(&ledger));
            assert_eq!(report.verdict, Verdict::Fail, "{name} cut to {length}");
        }
        fs::write(&path, [&original[..], b"x"].concat()).unwrap();
        let report = look(folder.path(), remembered(&ledger));
        assert_eq!(report.verdict, Verdict::Fail, "{name} with a byte more");
        fs::write(&path, &original).unwrap();
    }
    for stray in
        ["tile/0/001", "tile/entries/001.p/3", "notes.txt", "checkpoints/x", "tile/0/000.p/6"]
    {
        write(folder.path(), stray, b"stray");
        let report = look(folder.path(), remembered(&ledger));
        assert!(report.findings.iter().any(|f| f.what.contains(stray)), "{stray}: {report:#?}");
        fs::remove_file(folder.path().join(stray)).unwrap();
    }
    fs::remove_dir(folder.path().join("tile/0/001")).ok();
    assert_eq!(look(folder.path(), remembered(&ledger)), untouched);
}

#[test]
fn a_clean_rollback_shows_only_against_a_remembered_head() {
    let (folder, mut ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let anna = support::key("anna");
    ledger.file(&anna, bodies::sealed_anchor("winter"));

    let alone = look(folder.path(), Vec::new());
    assert_eq!((alone.state, alone.verdict), (LedgerState::Consistent, Verdict::Incomplete));
    let words = "statements cut from its end would not show";
    assert!(alone.findings.iter().any(|f| f.what.contains(words)), "{alone:#?}");

    let held = vec![HeldHead::Checkpoint(Box::new(checkpoint(&ledger, 6)))];
    let compared = look(folder.path(), held);
    assert_eq!((compared.state, compared.verdict), (LedgerState::Shortened, Verdict::Fail));
    assert_eq!(compared.exit_code(), 3);
}

#[test]
fn two_signed_histories_are_a_fork() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let mut other = Ledger::found("tampered");
    let anna = other.granted("anna", Role::Recorder);
    other.file(&anna, bodies::sealed_anchor("another spring"));
    let held = vec![HeldHead::Checkpoint(Box::new(checkpoint(&other, 3)))];
    let report = look(folder.path(), held);
    assert_eq!((report.state, report.verdict), (LedgerState::Forked, Verdict::Fork), "{report:#?}");
    assert_eq!(report.exit_code(), 5);
}

/// Damage is not fraud: with the published checkpoint itself in hand, a changed byte of a bundle or a
/// tile must not accuse the log of signing two histories.
#[test]
fn a_damaged_folder_is_never_called_a_fork() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    for path in files_of(folder.path()) {
        let original = fs::read(&path).unwrap();
        for at in (0..original.len()).step_by(7) {
            let mut changed = original.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            for size in [3, 5] {
                let held = vec![HeldHead::Checkpoint(Box::new(checkpoint(&ledger, size)))];
                let report = look(folder.path(), held);
                assert_ne!(report.state, LedgerState::Forked, "{} byte {at}", path.display());
                assert_ne!(report.verdict, Verdict::Fork);
            }
        }
        fs::write(&path, &original).unwrap();
    }
}

/// A name is not a size: an empty file in a far place must not make the audit look at all before it.
#[test]
fn a_bundle_in_an_absurd_place_is_answered_at_once() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let far = treering::tlog::bundle::Bundle::new((1 << 54) - 1, 256).unwrap();
    write(folder.path(), &far.path(), b"");
    write(folder.path(), "manifests/x", b"");
    let origin = ledger.authority.genesis().origin.clone();
    let tree = treering::tlog::hash::Tree { size: TreeSize::MAX, root: ledger.tree().root };
    let head = treering::tlog::checkpoint::Checkpoint::new(origin, tree);
    let note = format!("{head}\n{}\n", head.sign(&ledger.log));
    write(folder.path(), "checkpoint", note.as_bytes());
    let report = look(folder.path(), remembered(&ledger));
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(report.findings.len() < 12, "{report:#?}");
}

#[test]
fn a_head_of_another_ledger_proves_nothing() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let stranger = Ledger::found("stranger");
    let held = vec![HeldHead::Checkpoint(Box::new(checkpoint(&stranger, 1)))];
    let report = look(folder.path(), held);
    assert_eq!((report.state, report.verdict), (LedgerState::Consistent, Verdict::Incomplete));
}

#[test]
fn the_same_folder_gives_the_same_report() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let text = |report: &AuditReport| treering::report::audit::json(report).to_string();
    let first = text(&look(folder.path(), remembered(&ledger)));
    assert_eq!(text(&look(folder.path(), remembered(&ledger))), first);
    assert_eq!(ledger.tree().size, TreeSize(5));
}

#[test]
fn a_checkpoint_of_an_absurd_size_is_answered_at_once() {
    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let origin = ledger.authority.genesis().origin.clone();
    let tree = treering::tlog::hash::Tree { size: TreeSize::MAX, root: ledger.tree().root };
    let checkpoint = treering::tlog::checkpoint::Checkpoint::new(origin, tree);
    let note = format!("{checkpoint}\n{}\n", checkpoint.sign(&ledger.log));
    write(folder.path(), "checkpoint", note.as_bytes());
    let report = look(folder.path(), remembered(&ledger));
    assert_eq!((report.state, report.verdict), (LedgerState::Broken, Verdict::Fail));
    assert!(report.findings.len() < 10, "{report:#?}");
}

#[test]
fn a_policy_bounds_the_time_or_leaves_the_audit_incomplete() {
    use treering::audit::time::TimeLine;
    use treering::tlog::checkpoint::SignedCheckpoint;
    use treering::tlog::cosignature::CosignatureTime;
    use treering::tlog::note::{KeyName, SignatureType, VerifierKey};
    use treering::tlog::policy::Policy;

    let (folder, ledger) = (TempDir::new().unwrap(), small_ledger());
    publish(&ledger, folder.path());
    let (name, witness) =
        (KeyName::new("partner.example/witness").unwrap(), support::key("witness"));
    let vkey = VerifierKey::new(name.clone(), SignatureType::Cosignature, witness.public());
    let policy = format!("witness partner {vkey}\nquorum partner\n");
    let look_with = |policy: &str| {
        let policy = Some(Policy::parse(policy.as_bytes()).unwrap());
        let held = remembered(&ledger);
        let input = AuditInput { held, policy, ..AuditInput::of(folder.path(), CLOCK_S) };
        audit(&input, &Progress::silent()).unwrap()
    };
    assert_eq!(look_with("quorum none\n").time, TimeLine::NotAsked);
    assert_eq!(look_with(&policy).time, TimeLine::NotMet);

    let mut cosigned: SignedCheckpoint = checkpoint(&ledger, 3);
    let time = CosignatureTime::new(1_800_000_000).unwrap();
    cosigned.add(cosigned.checkpoint().cosign(&witness, &name, time)).unwrap();
    write(folder.path(), "checkpoints/3", cosigned.to_string().as_bytes());
    write(folder.path(), "checkpoints/sizes", b"3\n");
    let bounded = TimeLine::Bounded {
        size: TreeSize(3),
        not_later_than_s: 1_800_000_000,
        witnesses: vec!["partner.example/witness".into()],
    };
    assert_eq!(look_with(&policy).time, bounded);
}
