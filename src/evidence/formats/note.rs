//! What is odd about a file, or could not be read of it. Never a reason to stop.

use std::fmt;

/// One kind of trouble or oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The EXIF block or the picture around it is damaged; what could be read was.
    Broken,
    /// The EXIF block may lie beyond what is read of a file.
    TooFar,
    /// The clock says 0000:00:00 or 00.00.0000.
    ClockUnset,
    /// The capture time is no date of the calendar.
    TimeMalformed,
    /// The fraction of the second is not a number.
    FractionMalformed,
    /// The zone is not of the form +HH:MM.
    ZoneMalformed,
    /// There are GPS fields but no position: the receiver had no fix.
    NoFix,
    /// The position is not one on Earth.
    PlaceMalformed,
    /// The position is exactly 0, 0: a receiver without a fix, not a ship off Ghana.
    PlaceZero,
    /// A make, model or serial number is not a line of text.
    TextMalformed,
    /// No bytes at all under the name of a picture, recording or document.
    Empty,
    /// The pointer text that git-LFS leaves where a large file should be.
    LfsPointer,
    /// The content is of another kind than the name says.
    Mislabelled,
    /// The file ends before its own structure does.
    Truncated,
    /// The structure inside is damaged: what came before the damage was read.
    Damaged,
    /// Archives: an entry whose name leads out of the archive; it was not read.
    PathTrick,
    /// Archives: it unpacks to far more than such files do; reading stopped there.
    Bomb,
    /// Archives: an entry in a packing or encryption that is not read here.
    Packing,
    /// JSON or XML deeper than any export; reading stopped there.
    TooDeep,
    /// A row with more or fewer fields than the header.
    Ragged,
    /// A row longer than any table's; reading stopped there.
    RowTooLong,
    /// More columns than any table's; the table was not read.
    TooManyColumns,
    /// Text in an older alphabet; it was read as Latin-1.
    Encoding,
    /// A time in a row that is no date of the calendar.
    RowTime,
    /// Times whose order of day and month cannot be known; they were not read.
    AmbiguousTime,
    /// A position in a row that is not one on Earth.
    RowPlace,
    /// A position in a row of exactly 0, 0.
    RowPlaceZero,
    /// Latitude and longitude seem to be exchanged: the latitude is beyond 90.
    Swapped,
    /// A row without the id that its table needs.
    NoId,
    /// An id that occurs twice in one table.
    DuplicateId,
    /// A row that names a deployment which no table has.
    UnknownDeployment,
    /// A media row whose file is not here.
    MediaMissing,
    /// A media row that names a remote address, so that no file can be tied to it.
    MediaRemote,
    /// A media row whose path leads out of the package; it was not followed.
    MediaPath,
    /// An observation of media that no table has.
    UnknownMedia,
    /// A file of the package's folder that no media row names.
    WithoutRow,
    /// A picture or recording outside the time of its deployment.
    OutsideDeployment,
    /// As before, where the package itself says that the clock was wrong.
    OutsideKnown,
    /// A deployment that ends before it begins.
    DeploymentBackwards,
    /// Labels by a machine with no model or version named.
    NoModel,
    /// A table or file that the package names and that is not here.
    ResourceMissing,
    /// The hash or size in a package does not fit the file.
    ResourceDiffers,
    /// A hash in a package of a kind that is not checked here.
    HashNotChecked,
    /// A file that fits no pattern of the profile.
    SeriesUnknown,
    /// The place lies outside the boundary of the site.
    OutsideSite,
    /// Rows in a table that the profile's columns do not fit.
    ProfileColumns,
    /// Comment of a recorder in words that are not known here.
    CommentUnparsed,
    /// A boundary ring that does not close, or has too few corners.
    RingOpen,
    /// The same facts stand in the file twice and differ; the more exact one was taken.
    Contradicts,
}

impl Note {
    /// All of them, in the order of their numbers.
    pub const ALL: [Note; 49] = [
        Note::Broken,
        Note::TooFar,
        Note::ClockUnset,
        Note::TimeMalformed,
        Note::FractionMalformed,
        Note::ZoneMalformed,
        Note::NoFix,
        Note::PlaceMalformed,
        Note::PlaceZero,
        Note::TextMalformed,
        Note::Empty,
        Note::LfsPointer,
        Note::Mislabelled,
        Note::Truncated,
        Note::Damaged,
        Note::PathTrick,
        Note::Bomb,
        Note::Packing,
        Note::TooDeep,
        Note::Ragged,
        Note::RowTooLong,
        Note::TooManyColumns,
        Note::Encoding,
        Note::RowTime,
        Note::AmbiguousTime,
        Note::RowPlace,
        Note::RowPlaceZero,
        Note::Swapped,
        Note::NoId,
        Note::DuplicateId,
        Note::UnknownDeployment,
        Note::MediaMissing,
        Note::MediaRemote,
        Note::MediaPath,
        Note::UnknownMedia,
        Note::WithoutRow,
        Note::OutsideDeployment,
        Note::OutsideKnown,
        Note::DeploymentBackwards,
        Note::NoModel,
        Note::ResourceMissing,
        Note::ResourceDiffers,
        Note::HashNotChecked,
        Note::SeriesUnknown,
        Note::OutsideSite,
        Note::ProfileColumns,
        Note::CommentUnparsed,
        Note::RingOpen,
        Note::Contradicts,
    ];

    /// A number for this note, for drafts; of no meaning to another version.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The note of a number.
    pub fn of_code(code: u8) -> Option<Note> {
        Note::ALL.get(usize::from(code)).copied()
    }

    /// Whether something that belongs to the evidence could not be read, so that the run is
    /// incomplete; the file itself is recorded all the same. A file of another kind than its name
    /// says is read as what it is.
    pub fn is_unread(self) -> bool {
        matches!(
            self,
            Note::Empty
                | Note::LfsPointer
                | Note::Truncated
                | Note::Damaged
                | Note::PathTrick
                | Note::Bomb
                | Note::Packing
                | Note::TooDeep
                | Note::RowTooLong
                | Note::TooManyColumns
                | Note::ProfileColumns
                | Note::ResourceDiffers
                | Note::MediaPath
        )
    }
}

/// Fits behind "3 files …".
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Note::Broken => "with a damaged EXIF block",
            Note::TooFar => "with an EXIF block too far into the file",
            Note::ClockUnset => "with a clock that was not set (0000:00:00)",
            Note::TimeMalformed => "with a capture time that is no date",
            Note::FractionMalformed => "with an unreadable fraction of a second",
            Note::ZoneMalformed => "with an unreadable time zone",
            Note::NoFix => "with GPS fields but no position",
            Note::PlaceMalformed => "with an unreadable GPS position",
            Note::PlaceZero => "with a GPS position of 0, 0 (no fix)",
            Note::TextMalformed => "with a camera name or number that is not text",
            Note::Empty => "without any bytes under the name of a recording or picture",
            Note::LfsPointer => "holding a git-LFS pointer instead of the file",
            Note::Mislabelled => "of another kind than its name says",
            Note::Truncated => "cut off before its end",
            Note::Damaged => "damaged inside; read up to the damage",
            Note::PathTrick => "with an entry whose name leads out of the archive; not read",
            Note::Bomb => "unpacking to far more than such files do; not read further",
            Note::Packing => "with an entry in a packing that is not read",
            Note::TooDeep => "nested too deeply; not read further",
            Note::Ragged => "with rows of more or fewer fields than the header; taken as they are",
            Note::RowTooLong => "with a row too long to be one; not read further",
            Note::TooManyColumns => "with too many columns to be a table; not read as one",
            Note::Encoding => "in an older alphabet; read as Latin-1",
            Note::RowTime => "with times that are no date; those rows have no time",
            Note::AmbiguousTime => "with times whose day and month cannot be told apart; not read",
            Note::RowPlace => "with positions not on Earth; those rows have no place",
            Note::RowPlaceZero => "with positions of 0, 0; those rows have no place",
            Note::Swapped => "with latitude and longitude that seem exchanged; not read",
            Note::NoId => "with rows without an id; not tied to anything",
            Note::DuplicateId => "with ids that occur twice; the first row stands",
            Note::UnknownDeployment => "with rows of a deployment that no table has",
            Note::MediaMissing => "with rows whose media are not here",
            Note::MediaRemote => "with rows whose media lie at a remote address",
            Note::MediaPath => "with rows whose path leads out of the package; not followed",
            Note::UnknownMedia => "with observations of media that no table has",
            Note::WithoutRow => "in a package's folder that no media row names",
            Note::OutsideDeployment => "with a time outside its deployment (R14)",
            Note::OutsideKnown => {
                "with a time outside its deployment, whose clock is said to be wrong (R14)"
            }
            Note::DeploymentBackwards => "with deployments that end before they begin",
            Note::NoModel => "with machine labels that name no model and version (R19)",
            Note::ResourceMissing => "naming files of its package that are not here",
            Note::ResourceDiffers => "with another hash or size than its package says",
            Note::HashNotChecked => "with a hash in its package of a kind not checked here",
            Note::SeriesUnknown => "that fits no pattern of the profile",
            Note::OutsideSite => "with a place outside the boundary (R15)",
            Note::ProfileColumns => "without the columns that the profile names; not read as a log",
            Note::CommentUnparsed => "with a recorder's comment in unknown words",
            Note::RingOpen => "with a boundary that does not close",
            Note::Contradicts => "that says its time twice, and differently",
        })
    }
}

/// A note about one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Noted {
    /// What it is.
    pub note: Note,
    /// The first row it is about, counted from 1 after the header.
    pub row: Option<u64>,
    /// How often it occurs in the file.
    pub times: u64,
}

impl From<Note> for Noted {
    fn from(note: Note) -> Noted {
        Noted { note, row: None, times: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_has_a_number() {
        for (code, note) in Note::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(note.code()), code);
            assert_eq!(Note::of_code(note.code()), Some(note));
        }
        assert_eq!(Note::of_code(200), None);
    }
}
