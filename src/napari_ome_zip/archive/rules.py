"""Rules on the container: the requirements of RFC-9, and those of ZIP itself."""

from __future__ import annotations

from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule

ENTRY_DAMAGED = Rule(
    "entry-damaged",
    MUST,
    "ZIP (APPNOTE), 4.4.7 CRC-32",
    "The bytes of every entry are those that were written: their checksum is right.",
    "Copy or download the file again, or restore it from a backup. The rest can be read: salvage "
    "what is left of it.",
    effect=Effect.DAMAGED,
)

_RFC = "RFC-9, OME-Zarr zip files"
ZIP = "ZIP (APPNOTE)"
"""The ZIP format, as the section of a rule."""
_AGAIN = "Copy or download the file again; if that does not help, write it again."
_SALVAGE = "salvage what is left of it."
_REPACK = "Repack it, which writes a repaired copy."

# Files that cannot be used at all; the codes are those of ArchiveError.

FILE_EMPTY = Rule(
    "file-empty",
    MUST,
    ZIP,
    "The file is not empty.",
    _AGAIN,
    effect=Effect.CLOSED,
)
NOT_A_ZIP = Rule(
    "not-a-zip",
    MUST,
    f"{_RFC}: a ZIP file",
    "The file is a ZIP archive.",
    "Check that this is the right file, and download it again.",
    effect=Effect.CLOSED,
)
INCOMPLETE = Rule(
    "archive-incomplete",
    MUST,
    f"{ZIP}, 4.3.16 end of central directory",
    "The archive is complete: its end leads to the list of its entries.",
    f"Copy or download the file again. If that does not help, {_SALVAGE}",
    effect=Effect.CLOSED,
)
SPLIT = Rule(
    "archive-split",
    MUST,
    f"{_RFC}: not split",
    "The archive is one file, not one of several parts.",
    "Join the parts into one file, for example with 'zip -s 0 parts.zip --out whole.ozx'.",
    effect=Effect.CLOSED,
)
NAMES_COLLIDE = Rule(
    "names-collide",
    MUST,
    f"{ZIP}, 4.4.17 file name",
    "No two names are the same once backslashes are read as slashes.",
    "Unpack the archive and pack it again with a program that writes forward slashes.",
    effect=Effect.CLOSED,
)
UNUSABLE = Rule(
    "archive-unusable",
    MUST,
    ZIP,
    "The archive can be read.",
    _AGAIN,
    effect=Effect.CLOSED,
)

# What the archive holds, and where (MUST).

EMPTY = Rule(
    "archive-empty",
    MUST,
    f"{_RFC}: one hierarchy",
    "The archive holds files.",
    _AGAIN,
    effect=Effect.CLOSED,
)
NO_HIERARCHY = Rule(
    "no-hierarchy",
    MUST,
    f"{_RFC}: one hierarchy",
    "The archive holds an OME-Zarr.",
    "Check that this is the right file: it may be meant for another program.",
    effect=Effect.CLOSED,
)
ROOT_MISSING = Rule(
    "root-missing",
    MUST,
    f"{_RFC}: root zarr.json",
    "A zarr.json lies at the root and describes the image.",
    "Write the image again, or pack the folder of one image on its own.",
    effect=Effect.CLOSED,
)
SEVERAL = Rule(
    "several-hierarchies",
    MUST,
    f"{_RFC}: one hierarchy",
    "The archive holds exactly one OME-Zarr.",
    "Unpack it, and pack the content of each folder on its own.",
    effect=Effect.CLOSED,
)
SECOND = Rule(
    "second-hierarchy",
    MUST,
    f"{_RFC}: one hierarchy",
    "Nothing lies beside the image that the image does not include.",
    "Unpack it, take the other image out, and pack each on its own.",
    effect=Effect.NOT_SHOWN,
)
ROOT_IN_FOLDER = Rule(
    "root-in-folder",
    MUST,
    f"{_RFC}: root zarr.json",
    "The image lies at the root of the archive, not in a folder.",
    _REPACK,
    effect=Effect.REFUSED,
)
ROOT_V2 = Rule(
    "root-zarr-v2",
    MUST,
    f"{_RFC}: root zarr.json",
    "The image is stored in Zarr v3, that is OME-Zarr 0.5 or newer.",
    "Convert it to OME-Zarr 0.5, for example by opening it in napari and saving it as .ome.zip.",
    effect=Effect.REFUSED,
)
ARCHIVE_INSIDE = Rule(
    "archive-in-archive",
    MUST,
    f"{_RFC}: not embedded in another hierarchy",
    "No OME-Zarr archive lies inside the archive.",
    "Unpack it, and keep the inner archive as a file of its own.",
    effect=Effect.NOT_SHOWN,
)
JSON_FIRST = Rule(
    "json-first-untrue",
    MUST,
    f"{_RFC}: archive comment, jsonFirst",
    "Where the comment promises that all zarr.json come first, they do.",
    _REPACK,
    effect=Effect.NOT_SHOWN,
)

# What an archive should be like (SHOULD).

NO_ZIP64 = Rule(
    "no-zip64",
    SHOULD,
    f"{_RFC}: ZIP64",
    "The archive is in the ZIP64 format, whatever its size.",
    f"{_REPACK} It opens all the same.",
    effect=Effect.DETAIL,
)
COMPRESSION = Rule(
    "zip-compression",
    SHOULD,
    f"{_RFC}: no ZIP compression",
    "Entries are stored as they are: Zarr has its own compression.",
    f"{_REPACK} Until then parts of a chunk cannot be read without all of it.",
    effect=Effect.SLOW,
)
UNSHARDED = Rule(
    "arrays-unsharded",
    SHOULD,
    f"{_RFC}: sharding",
    "Arrays of several chunks are sharded, which keeps the number of entries low.",
    "Repack it with shards, or save it so from napari: that gathers chunks and changes no pixel.",
    effect=Effect.SLOW,
)
ROOT_FIRST = Rule(
    "root-not-first",
    SHOULD,
    f"{_RFC}: order of entries",
    "The root's zarr.json is the first entry, in the file and in its directory.",
    f"{_REPACK} Until then opening takes longer.",
    effect=Effect.SLOW,
)
DOCUMENTS_FIRST = Rule(
    "documents-not-first",
    SHOULD,
    f"{_RFC}: order of entries",
    "All zarr.json come first, from the root down, level by level, before everything else.",
    f"{_REPACK} Until then opening takes longer.",
    effect=Effect.SLOW,
)
FILE_NAME = Rule(
    "name-not-ozx",
    SHOULD,
    f"{_RFC}: file name",
    "The name of the file ends in .ozx.",
    "Rename the file if other programs do not recognize it; napari opens .ome.zip as well.",
    effect=Effect.REFUSED,
)
FILE_NAME_OURS = Rule(
    "name-ome-zip",
    INFO,
    f"{_RFC}: file name",
    "The name of the file ends in .ozx, also where it could end in .ome.zip.",
    "Nothing, if your programs open .ome.zip; rename the file to .ozx for those that do not.",
    effect=Effect.DETAIL,
)
COMMENT_MISSING = Rule(
    "comment-missing",
    SHOULD,
    f"{_RFC}: archive comment",
    "The archive's comment says which version of OME-Zarr is inside.",
    _REPACK,
    effect=Effect.DETAIL,
)
COMMENT_FORM = Rule(
    "comment-not-json",
    SHOULD,
    f"{_RFC}: archive comment",
    "The archive's comment is JSON in UTF-8.",
    _REPACK,
    effect=Effect.DETAIL,
)
COMMENT_VERSION = Rule(
    "comment-without-version",
    SHOULD,
    f"{_RFC}: archive comment",
    "The archive's comment gives the version as a string, under ome.version.",
    _REPACK,
    effect=Effect.DETAIL,
)
COMMENT_DIFFERS = Rule(
    "comment-version-differs",
    SHOULD,
    f"{_RFC}: archive comment",
    "The version in the archive's comment is that of the metadata.",
    f"{_REPACK} The metadata are believed.",
    effect=Effect.DIFFERENT,
)
COMMENT_JSON_FIRST = Rule(
    "comment-json-first-type",
    INFO,
    f"{_RFC}: archive comment, jsonFirst",
    "jsonFirst is true or false.",
    f"{_REPACK} Until then it counts as false.",
    effect=Effect.DETAIL,
)
COMMENT_FOREIGN = Rule(
    "comment-foreign",
    INFO,
    f"{_RFC}: archive comment",
    "The archive's comment holds what RFC-9 gives a meaning, and nothing else.",
    f"{_REPACK} The copy's comment says what RFC-9 asks for.",
    effect=Effect.NEEDLESS,
)

# What ZIP itself asks, or what keeps other programs from stumbling.

COMMENT_SIGNATURE = Rule(
    "comment-misleads",
    SHOULD,
    f"{ZIP}, 4.3.16 end of central directory",
    "The comment does not hold what looks like the end of an archive.",
    f"{_REPACK} Until then other programs may find the archive empty or damaged.",
    effect=Effect.REFUSED,
)
ENCRYPTED = Rule(
    "encrypted-entries",
    MUST,
    f"{ZIP}, 4.4.4 flags",
    "Entries are not encrypted.",
    "Unpack it with its password, and pack it again without.",
    effect=Effect.NOT_SHOWN,
)
UNKNOWN_METHOD = Rule(
    "unknown-compression",
    MUST,
    f"{ZIP}, 4.4.5 compression method",
    "Entries are compressed in a way that can be read here.",
    "Unpack it with the program that made it, and pack it again without compression.",
    effect=Effect.NOT_SHOWN,
)
UNUSUAL_METHOD = Rule(
    "unusual-compression",
    SHOULD,
    f"{ZIP}, 4.4.5 compression method",
    "Entries are compressed in a way that every program can read.",
    _REPACK,
    effect=Effect.REFUSED,
)
SIZES_IMPOSSIBLE = Rule(
    "entry-size-impossible",
    MUST,
    f"{ZIP}, 4.4.8 sizes",
    "The sizes of an entry are possible.",
    _AGAIN,
    effect=Effect.DAMAGED,
)
CUT_SHORT = Rule(
    "entry-cut-short",
    MUST,
    f"{ZIP}, 4.3.6 file format",
    "Every entry lies inside the file.",
    f"Copy or download the file again. If that does not help, {_SALVAGE}",
    effect=Effect.DAMAGED,
)
OVERLAP = Rule(
    "entries-overlap",
    MUST,
    f"{ZIP}, 4.3.6 file format",
    "No two entries share bytes of the file.",
    "Do not unpack it: such files are made to fill disks. Ask for a new one.",
    effect=Effect.UNSAFE,
)
UNSAFE_NAMES = Rule(
    "unsafe-entry-names",
    MUST,
    f"{ZIP}, 4.4.17 file name",
    "Names do not lead out of the archive: no '..', no absolute paths, no drive letters.",
    f"Do not unpack it by other means. {_REPACK} The copy leaves these entries out.",
    effect=Effect.UNSAFE,
)
BACKSLASHES = Rule(
    "backslash-names",
    SHOULD,
    f"{ZIP}, 4.4.17 file name",
    "Names are written with forward slashes.",
    _REPACK,
    effect=Effect.UNPACKING,
)
REPEATED = Rule(
    "repeated-entries",
    SHOULD,
    f"{ZIP}, 4.3 file format",
    "Every name occurs once.",
    f"{_REPACK} Until then the last one is used, and the earlier ones waste space.",
    effect=Effect.DIFFERENT,
)
CASE_COLLIDING = Rule(
    "case-colliding-names",
    SHOULD,
    f"{ZIP}, 4.4.17 file name",
    "Names differ by more than upper and lower case.",
    "Take out the one that is not needed: the archive cannot be unpacked on Windows or macOS.",
    effect=Effect.UNPACKING,
)
NAME_ENCODING = Rule(
    "name-encoding",
    SHOULD,
    f"{ZIP}, appendix D",
    "Names beyond plain ASCII are marked as UTF-8.",
    f"{_REPACK} Until then other programs may show other names.",
    effect=Effect.UNPACKING,
)
JUNK = Rule(
    "junk-files",
    SHOULD,
    f"{_RFC}: one hierarchy",
    "The archive holds no files that a file manager left behind.",
    _REPACK,
    effect=Effect.NEEDLESS,
)
PREFIX = Rule(
    "prefix-bytes",
    SHOULD,
    f"{ZIP}, 4.1.9 self-extracting files",
    "The archive begins at the beginning of the file.",
    _REPACK,
    effect=Effect.REFUSED,
)
UNCOUNTED_PREFIX = Rule(
    "uncounted-prefix",
    SHOULD,
    f"{ZIP}, 4.1.9 self-extracting files",
    "The archive begins at the beginning of the file, or its offsets count what lies before.",
    _REPACK,
    effect=Effect.REFUSED,
)
TRAILING = Rule(
    "trailing-bytes",
    SHOULD,
    f"{ZIP}, 4.3.16 end of central directory",
    "The file ends where the archive ends.",
    _REPACK,
    effect=Effect.NEEDLESS,
)
PADDING = Rule(
    "trailing-padding",
    INFO,
    f"{ZIP}, 4.3.16 end of central directory",
    "The file ends where the archive ends.",
    "Nothing: zeros at the end do no harm.",
    effect=Effect.NONE,
)
ENTRY_COUNT = Rule(
    "wrong-entry-count",
    SHOULD,
    f"{ZIP}, 4.4.22 total number of entries",
    "The archive's end gives the number of entries.",
    _REPACK,
    effect=Effect.DAMAGED,
)
LOCAL_MISSING = Rule(
    "local-header-missing",
    MUST,
    f"{ZIP}, 4.3.7 local file header",
    "Every entry begins where the archive's directory says.",
    f"Copy or download the file again. If that does not help, {_SALVAGE}",
    effect=Effect.DAMAGED,
)
LOCAL_NAME = Rule(
    "local-name-differs",
    SHOULD,
    f"{ZIP}, 4.3.7 local file header",
    "An entry has the same name in both places where it is written.",
    f"{_REPACK} Until then programs disagree on what this entry is.",
    effect=Effect.DIFFERENT,
)
EXTRA_FIELDS = Rule(
    "extra-fields",
    INFO,
    f"{ZIP}, 4.5 extensible data fields",
    "Entries carry no extra fields beside that of ZIP64: no owners, no times of access.",
    _REPACK,
    effect=Effect.NEEDLESS,
)
