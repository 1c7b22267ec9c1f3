"""What may be given as a frame: pandas, Arrow, Parquet and CSV files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import pandas as pd

from ._errors import InputError

if TYPE_CHECKING:
    import pyarrow

#: A frame, or something that becomes one; or files. Several files are read one after the other.
FrameLike = Union[pd.DataFrame, "pyarrow.Table", "pyarrow.RecordBatch", str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]

_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz")
_CSV = (".csv", ".csv.gz")
_PARQUET = (".parquet", ".pq")
_KINDS = "a pandas DataFrame, a pyarrow Table, or the path of a .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz file"


class Untyped(pd.DataFrame):
    """A frame from a CSV file: every cell is text, and a number is a number only where the monitor says so."""

    @property
    def _constructor(self) -> type[Untyped]:
        return Untyped


def paths_of(data: Any) -> list[Path]:
    """The files that are meant; none where data is a frame."""
    if isinstance(data, (str, os.PathLike)):
        return [Path(data)]
    if isinstance(data, (list, tuple)) and data and all(isinstance(item, (str, os.PathLike)) for item in data):
        return [Path(item) for item in data]
    return []


def is_lines(path: Path) -> bool:
    return path.name.lower().endswith(_LINES)


def is_csv(path: Path) -> bool:
    return path.name.lower().endswith(_CSV)


def frame_of(data: Any, what: str) -> pd.DataFrame:
    """A frame with a plain index.

    Args:
        data: see ``FrameLike``.
        what: what it is called in errors.

    Raises:
        InputError: it is none of these, a file cannot be read, or columns have no names of their own.
    """
    paths = paths_of(data)
    if paths:
        frames = [_read(path) for path in paths]
        frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    elif isinstance(data, pd.DataFrame):
        frame = data
    elif hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        frame = _from_arrow(_arrow(what).table(data))
    else:
        raise InputError(f"{what} is a {type(data).__name__}; give {_KINDS}")
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{what} has more than one column {twice[0]}; rename or drop all but one")
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(f"{what} has columns of several levels; give each one name, as with frame.columns.map('.'.join)")
    named = [name for name in frame.index.names if name is not None and str(name) not in names]
    # An index with a name is a column to those who set it.
    frame = frame.reset_index()[named + list(frame.columns)] if named else frame.reset_index(drop=True)
    names = [*map(str, named), *names]
    frame.columns = pd.Index(names, dtype=object)
    return frame


def _read(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    try:
        if name.endswith(_PARQUET) or path.is_dir():
            from pyarrow import parquet

            return _from_arrow(parquet.read_table(path))
        if name.endswith(_CSV):
            return Untyped(pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""]))
    except ImportError as error:
        raise InputError(f"{path}: Parquet needs pyarrow; install it with: pip install 'leeway[arrow]'") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from error
    raise InputError(f"{path}: its name does not say what it is; give {_KINDS}")


def _arrow(what: str) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise InputError(f"{what} is an Arrow table, which needs pyarrow; install it with: pip install 'leeway[arrow]'") from error
    return pyarrow


def _from_arrow(table: Any) -> pd.DataFrame:
    """With types that hold whole numbers and missing values at once, so that a null makes no float of a long number."""
    import pyarrow as pa

    whole = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
    }  # fmt: skip
    frame: pd.DataFrame = table.to_pandas(types_mapper=whole.get, ignore_metadata=True)
    return frame
