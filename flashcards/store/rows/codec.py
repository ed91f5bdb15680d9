"""Records to JSON (the journal) and to Arrow (LanceDB), and back, without losing a bit.

A record, a journal image and an Arrow row have the same field names. Times are aware UTC on
every side; floats survive because JSON carries their shortest exact form.
"""

import dataclasses
import datetime
import enum
import types
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.domain.search_text import search_text
from flashcards.store.rows import vector_sets
from flashcards.store.rows.schema import TableSpec
from flashcards.store.rows.search_keys import search_keys
from flashcards.store.values import VectorSet

Converter = Callable[[Any], Any]
Id = TypeVar("Id")
_UUID_BYTES = 36
PLAIN_ROWS = 100
_UUID_TEXT = f"S{_UUID_BYTES}"


@dataclasses.dataclass(frozen=True, slots=True)
class _Codec:
    """Converters of one field; None where the value goes through as it is."""

    from_json: Converter | None
    to_arrow: Converter | None
    from_arrow: Converter | None


def _utc(value: datetime.datetime) -> datetime.datetime:
    """Return the same instant with `datetime.timezone.utc`: py-fsrs rejects ZoneInfo("UTC")."""
    return value.astimezone(datetime.UTC)


def _from_iso(value: str) -> datetime.datetime:
    return _utc(datetime.datetime.fromisoformat(value))


def _optional(convert: Converter | None) -> Converter | None:
    if convert is None:
        return None
    return lambda value: None if value is None else convert(value)


def _of_type(type_: Any) -> _Codec:
    origin = typing.get_origin(type_)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (item for item in typing.get_args(type_) if item is not types.NoneType)
        codec = _of_type(inner)
        return _Codec(*(_optional(getattr(codec, f.name)) for f in dataclasses.fields(codec)))
    if origin is tuple:
        inner = typing.get_args(type_)[0]
        if inner is uuid.UUID:
            to_list: Converter = lambda items: [str(item) for item in items]  # noqa: E731 - a table of converters
            from_list: Converter = lambda items: tuple(uuid.UUID(item) for item in items)  # noqa: E731 - as above
            return _Codec(from_list, to_list, from_list)
        if inner is float:
            # Nearly always empty, which Arrow has as null.
            return _Codec(
                tuple,
                lambda numbers: list(numbers) or None,
                lambda numbers: tuple(numbers or ()),
            )
        return _Codec(tuple, list, tuple)
    if type_ is uuid.UUID:
        return _Codec(uuid.UUID, str, uuid.UUID)
    if type_ is datetime.datetime:
        return _Codec(_from_iso, _utc, _utc)
    if isinstance(type_, type) and issubclass(type_, enum.StrEnum):
        return _Codec(type_, str, type_)
    if isinstance(type_, type) and issubclass(type_, enum.IntEnum):
        return _Codec(type_, int, type_)
    return _Codec(None, None, None)


_CODECS: dict[type[Any], dict[str, _Codec]] = {
    record: {field.name: _of_type(field.type) for field in dataclasses.fields(record)}
    for record in (Flashcard, ReviewLog)
}
# (field, converter) of every field, by record and direction: what the loops below run over.
_CONVERTERS: dict[tuple[type[Any], str], list[tuple[str, Converter | None]]] = {
    (record, direction.name): [
        (name, getattr(codec, direction.name)) for name, codec in codecs.items()
    ]
    for record, codecs in _CODECS.items()
    for direction in dataclasses.fields(_Codec)
}


def to_image(record: Any) -> str:
    """Return a record as JSON, the form that the journal and the `image` column keep."""
    return orjson.dumps(record).decode()


def to_json(value: str) -> str:
    """Return a text as JSON."""
    return orjson.dumps(value).decode()


def from_image(record: type[Any], image: str | bytes | Mapping[str, Any]) -> Any:
    """Return the record of an image, text or parsed; a field it lacks has its default."""
    fields: Mapping[str, Any] = orjson.loads(image) if isinstance(image, str | bytes) else image
    return record(
        **{
            name: convert(fields[name]) if convert else fields[name]
            for name, convert in _CONVERTERS[record, "from_json"]
            if name in fields
        }
    )


def to_table(
    spec: TableSpec, records: Sequence[Any], *, names: Sequence[str] = (), **columns: Any
) -> pa.Table:
    """Return records as an Arrow table of the spec's schema, or of its named columns in order.

    `columns` are the store's own, one value a record; those not given are null or 0. Vectors are
    appended with `with_vectors`. Built a column at a time: ten times faster than from rows.
    """
    arrays: list[pa.Array] = []
    converters = dict(_CONVERTERS[spec.record, "to_arrow"])
    fields = list(map(spec.schema.field, names or spec.schema.names))
    for field in fields:
        if field.name in converters:
            convert = converters[field.name]
            values = [getattr(record, field.name) for record in records]
            if convert:
                values = [convert(value) for value in values]
            arrays.append(pa.array(values, field.type))
        elif field.name == "image":
            arrays.append(pa.array([to_image(record) for record in records], field.type))
        elif field.name == "search_keys":
            arrays.append(
                pa.array([search_keys(search_text(record)) for record in records], field.type)
            )
        elif field.name in columns:
            arrays.append(pa.array(columns[field.name], field.type))
        else:
            filler = None if field.nullable else 0
            arrays.append(pa.array([filler] * len(records), field.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def with_vectors(table: pa.Table, vector_set: VectorSet, values: Sequence[Any]) -> pa.Table:
    """Return a table with the column of a set behind the others, one vector or None a row."""
    return table.append_column(vector_sets.field(vector_set), vector_column(vector_set, values))


def to_ipc(table: pa.Table) -> bytes:
    """Return a table as a compressed Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(
        sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_ipc(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all()


def from_table(spec: TableSpec, table: pa.Table) -> list[Any]:
    """Return the records of an Arrow table that has the columns of `spec.whole`, or all others.

    A field whose column an older table lacks has its default.
    """
    if table.column_names[:1] == ["image"]:
        return [from_image(spec.record, image) for image in table["image"].to_pylist()]
    converters = dict(_CONVERTERS[spec.record, "from_arrow"])
    names = [name for name in converters if name in table.column_names]
    columns = [_converted(table[name], converters[name]) for name in names]
    return [spec.record(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _converted(column: pa.ChunkedArray, convert: Converter | None) -> list[Any]:
    """Return a column's values as records have them. Each is converted once, however often it is
    there: in a log the owner, the card and the kind are the same in many rows.
    """
    values: list[Any] = column.to_pylist()
    if convert is None:
        return values
    if pa.types.is_list(column.type):
        return [convert(value) for value in values]
    converted = {value: convert(value) for value in set(values)}
    return [converted[value] for value in values]


def to_numpy(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[Any]]:
    """Return a column as `Query.columns` does: times as datetime64[us], lists as tuples of text."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return np.asarray(column.to_numpy(), dtype="datetime64[us]")
    if pa.types.is_list(kind):
        return np.fromiter(map(tuple, column.to_pylist()), dtype=object, count=len(column))
    if pa.types.is_boolean(kind):
        return np.asarray(column.cast(pa.int8()).to_numpy(), dtype=bool)
    if pa.types.is_string(kind):
        return np.asarray(column.to_numpy(), dtype=object)
    is_float = pa.types.is_floating(kind) or column.null_count
    return np.asarray(column.to_numpy(), dtype=np.float64 if is_float else np.int64)


def to_plain(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield rows as dictionaries of JSON values, times as ISO 8601 in UTC.

    Made a column at a time, as Python's own times are slow, and some hundred rows at a time: Arrow
    makes Python's values in one go, and no request beside it gets a turn meanwhile.
    """
    for number, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            text = pc.strftime(rows.column(number), format="%Y-%m-%dT%H:%M:%SZ")
            rows = rows.set_column(number, field.name, text)
    for start in range(0, rows.num_rows, PLAIN_ROWS):
        yield from rows.slice(start, PLAIN_ROWS).to_pylist()


def column_micros(times: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return a column of times as int64 microseconds since 1970; 0 for a missing one."""
    return times.cast(pa.int64()).fill_null(0).to_numpy()  # type: ignore[no-any-return]


def id_texts(ids: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bytes_]]:
    """Return a column of UUIDs as text of 36 bytes, none of them missing; not to be written to.

    Without an object for each of them: of a year's reviews that would be 30 MB.
    """
    fixed = ids.cast(pa.binary()).cast(pa.binary(_UUID_BYTES)).combine_chunks()
    if not len(fixed):
        return np.empty(0, dtype=_UUID_TEXT)
    _, values = fixed.buffers()
    start = fixed.offset * _UUID_BYTES
    return np.frombuffer(values, dtype=_UUID_TEXT, count=len(fixed), offset=start)


def vector_to_bytes(vector: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    """Return an (n,) float32 vector as little-endian float16."""
    if vector.ndim != 1:
        raise ValueError(f"A card has one vector, not {vector.shape}.")
    return vector.astype("<f2").tobytes()


def vector_from_bytes(data: bytes, dimensions: int) -> np.ndarray[Any, np.dtype[np.float32]] | None:
    """Return an (n,) float32 vector; None if the bytes are of another number of dimensions.

    Those of the first model were written as float32.
    """
    if len(data) not in (dimensions * 2, dimensions * 4):
        return None
    numbers = "<f2" if len(data) == dimensions * 2 else "<f4"
    return np.frombuffer(data, dtype=numbers).astype(np.float32)


def vector_column(vector_set: VectorSet, values: Sequence[Any]) -> pa.Array:
    """Return a column of vectors, (n,) numbers each, or None."""
    field = vector_sets.field(vector_set)
    numbers = np.float16 if field.type.value_type == pa.float16() else np.float32
    converted = [None if value is None else np.asarray(value, numbers) for value in values]
    return pa.array(converted, field.type)


def vector_matrix(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, np.dtype[Any]]:
    """Return (n, dimensions) of a column of vectors without nulls, in the numbers it has."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    numbers: np.ndarray[Any, np.dtype[Any]] = whole.flatten().to_numpy(zero_copy_only=False)
    return numbers.reshape(-1, whole.type.list_size)


def vectors(
    ids: Sequence[Id], column: pa.ChunkedArray
) -> dict[Id, np.ndarray[Any, np.dtype[np.float32]]]:
    """Return the (n,) float32 vectors of a column by id; rows without one are absent."""
    there = column.is_valid().to_numpy(zero_copy_only=False)
    matrix = vector_matrix(column.filter(pa.array(there))).astype(np.float32)
    return {
        ids[place]: row for place, row in zip(np.flatnonzero(there).tolist(), matrix, strict=True)
    }
