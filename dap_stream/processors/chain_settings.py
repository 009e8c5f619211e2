"""Which processors a chain has, in their order, and the settings of each: from presets and single values.

A key is that of the one processor in the chain that has it (``reduction_db``), or says whose it is
(``denoise.reduction_db``). A key, preset or value that does not exist is a SettingError that names the
nearest that does. What a preset says of processors that are not in the chain is left out: it is for more
chains than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from dap_stream.core.presets import preset_path, read_preset
from dap_stream.core.settings import Settings, changed, nearest, typed
from dap_stream.errors import SettingError
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.registry import PROCESSORS, entry_of
from dap_stream.processors.repairs import with_repairs

CHAIN = "chain"  # key of a preset, a list of names
DEFAULT_CHAIN = ("denoise",)


@dataclass(frozen=True)
class ChainSettings:
    """Processors by name, each once, with their settings.

    Parameters
    ----------
    processors
        Pairs of a name in the registry and an object of its settings, in their order.

    Raises
    ------
    SettingError
        For no processor, an unknown one, one that is there twice, settings of another one, or one behind the
        last that can be.
    """

    processors: tuple[tuple[str, Settings], ...] = (("denoise", DenoiseSettings()),)

    def __post_init__(self) -> None:
        if not self.processors:
            raise SettingError(f"a chain needs at least one processor of {', '.join(PROCESSORS)}")
        for name, settings in self.processors:
            if not isinstance(settings, entry_of(name).settings):
                raise SettingError(f"{name} takes {entry_of(name).settings.__name__}, not {settings!r}")
            if self.names.count(name) > 1:
                raise SettingError(f"{name} is twice in the chain; keep one")
        for name in self.names[:-1]:
            if PROCESSORS[name].measure is not None:
                raise SettingError(f"{name} has to hear what all others leave; make it the last of the chain")

    @property
    def names(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(name for name, _ in self.processors)

    @property
    def learners(self) -> tuple[str, ...]:
        """Processors that learn something that a profile can keep, in their order."""
        return tuple(
            name
            for name, settings in self.processors
            if (learns := PROCESSORS[name].learns) is not None and learns(settings)
        )

    @property
    def learns(self) -> bool:
        """Whether a processor learns something that a profile can keep."""
        return bool(self.learners)

    def get(self, name: str) -> Settings | None:
        """Settings of one processor.

        Parameters
        ----------
        name
            Of the processor.

        Returns
        -------
        Settings or None
            None if it is not in the chain.
        """
        return dict(self.processors).get(name)

    def as_dict(self) -> dict[str, dict[str, object]]:
        """Plain values, for JSON: processor to key to value."""
        return {name: asdict(settings) for name, settings in self.processors}


def chain_of(**processors: Settings) -> ChainSettings:
    """Settings of a chain from those of its processors.

    Parameters
    ----------
    **processors
        Name to settings, in their order: ``chain_of(denoise=DenoiseSettings(), gain=GainSettings())``.

    Returns
    -------
    ChainSettings
        The same, checked.

    Raises
    ------
    SettingError
        As of `ChainSettings`.
    """
    return ChainSettings(tuple(processors.items()))


def make_chain_settings(
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    names: Sequence[str] | None = None,
    starts: Mapping[str, Settings] | None = None,
    repairs: Sequence[str] = (),
    last: str | None = None,
) -> ChainSettings:
    """Defaults, changed by a preset, changed by single values.

    Parameters
    ----------
    preset
        A name, or the path of a TOML file. Its ``chain`` is a list of names, its other keys are settings;
        a table holds those of one processor.
    values
        Key to value; texts are converted.
    names
        Processors in their order, in the place of the preset's ``chain``; the denoiser alone by default.
    starts
        Processor to settings in the place of its defaults.
    repairs
        Kinds of damage (``hum``, ``clicks``, ...) whose repair is put into the chain besides, in its place.
    last
        One more processor at the end of the chain, unless it is there already.

    Returns
    -------
    ChainSettings
        With every setting of every processor.

    Raises
    ------
    SettingError
        For a key, processor, preset or value that does not exist.

    Examples
    --------
    >>> make_chain_settings("gentle", {"wet": "0.5"}).get("denoise").wet
    0.5
    """
    read = {} if preset is None else read_preset(preset)
    named = read.pop(CHAIN, None)
    if names is None:
        names = DEFAULT_CHAIN if named is None else _names(preset, named)
    for name in names:
        entry_of(name)
    if repairs:
        names = with_repairs(list(names), repairs)
    if last is not None and last not in names:
        names = [*names, last]
    chosen: dict[str, dict[str, object]] = {name: {} for name in names}
    try:
        inside = _of_chain(_flat(read), names)
        for (owner, field), value in _by_owner(inside, names).items():
            chosen[owner][field] = typed(PROCESSORS[owner].settings, field, value)
    except SettingError as error:
        raise SettingError(f"preset {preset_path(str(preset))}: {error}") from error
    for (owner, field), value in _by_owner((values or {}).items(), names).items():
        chosen[owner][field] = value
    made = []
    for name in names:
        start = (starts or {}).get(name) or PROCESSORS[name].settings()
        made.append((name, changed(start, chosen[name])))
    return ChainSettings(tuple(made))


def _names(preset: str | None, named: object) -> list[str]:
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise SettingError(
            f"preset {preset_path(str(preset))}: chain={named!r} must be a list of processors: "
            f"{', '.join(PROCESSORS)}"
        )
    return named


def _flat(values: Mapping[str, object]) -> list[tuple[str, object]]:
    """``[gain]`` with ``gain_db`` in it as ``gain.gain_db``."""
    flat: list[tuple[str, object]] = []
    for key, value in values.items():
        inner = value.items() if isinstance(value, dict) else None
        flat += [(key, value)] if inner is None else [(f"{key}.{each}", what) for each, what in inner]
    return flat


def _of_chain(values: Iterable[tuple[str, object]], names: Sequence[str]) -> list[tuple[str, object]]:
    """Values of a preset for processors in the chain; those of others are checked and left out."""
    inside = []
    for key, value in values:
        owner, dot, field = key.rpartition(".")
        if dot:
            entry_of(owner)
        owners = [owner] if dot else [name for name in PROCESSORS if field in _fields(name)]
        if not owners or any(name in names for name in owners):
            inside.append((key, value))
            continue
        if len(owners) == 1:
            changed(PROCESSORS[owners[0]].settings(), {field: value})
    return inside


def _by_owner(values: Iterable[tuple[str, object]], names: Sequence[str]) -> dict[tuple[str, str], object]:
    """Processor and field of each value; SettingError if two of them are for the same."""
    by_owner: dict[tuple[str, str], tuple[str, object]] = {}
    for key, value in values:
        place = _owner(key, names)
        if place in by_owner:
            raise SettingError(f"{by_owner[place][0]} and {key} are the same setting; keep one")
        by_owner[place] = key, value
    return {place: value for place, (_, value) in by_owner.items()}


def _owner(key: str, names: Sequence[str]) -> tuple[str, str]:
    """Processor and field that a key is about."""
    owner, dot, field = key.rpartition(".")
    if dot:
        entry_of(owner)
        if owner not in names:
            raise SettingError(
                f"{key}: {owner} is not in the chain ({', '.join(names)}); add it to the chain"
            )
        return owner, field
    owners = [name for name in names if field in _fields(name)]
    if len(owners) == 1:
        return owners[0], field
    if owners:
        raise SettingError(f"{key} may be {' or '.join(f'{each}.{key}' for each in owners)}; say which")
    elsewhere = [name for name in PROCESSORS if field in _fields(name)]
    if elsewhere:
        raise SettingError(
            f"{key} is a setting of {elsewhere[0]}, which is not in the chain ({', '.join(names)}); "
            "add it to the chain"
        )
    known = [each for name in names for each in _fields(name)]
    anywhere = [*known, *(each for name in PROCESSORS for each in _fields(name))]
    raise SettingError(f"unknown key {key!r}{nearest(key, anywhere)}; known: {', '.join(known)}")


def _fields(name: str) -> list[str]:
    return [item.name for item in fields(PROCESSORS[name].settings)]
