"""One run of a study: the excerpt, its fit and the rows so far, from the folder and back into it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from dap_stream.apps.study import output_folder
from dap_stream.apps.study.checkpoint import damaged, fingerprint, load_checkpoint, save_checkpoint
from dap_stream.apps.study.damage import make_damage
from dap_stream.apps.study.excerpt import Excerpt, excerpt_spec, read_excerpt, read_reference
from dap_stream.apps.study.fit import LOOK, Fit
from dap_stream.apps.study.results import LAST, Row, Stop, StudyResult
from dap_stream.apps.study.settings import StudySettings
from dap_stream.apps.study.subject import Denoising, Filling, Subject
from dap_stream.apps.study.tasks import DENOISE, TASKS
from dap_stream.core.array_types import F32
from dap_stream.dsp.metrics import missing_packages
from dap_stream.errors import InputError, OutputError
from dap_stream.io.output_paths import holds_already
from dap_stream.models.device import device_name

SAVE_EVERY_S = 20.0

IterationCallback: TypeAlias = Callable[[int, int], None]
"""Gets, before each iteration, how many are done and how many there will be; may raise to stop the study."""


class Experiment:
    """The excerpt, its fit, and the rows so far; ``_safe`` is their last state from which to go on."""

    def __init__(
        self, source: str, reference: str | None, settings: StudySettings, note: Callable[[str], None] | None
    ) -> None:
        self._source, self._reference_name = source, reference
        self._tell = note or (lambda text: None)
        self._notes: list[str] = []
        self._device = device_name(settings.device)
        audio, rate, text = read_excerpt(source, settings)
        self._settings = settings.for_excerpt(len(audio) / rate, rate)
        self._task = TASKS[settings.task]
        self._subject = self._make_subject(audio, rate)
        if text is not None:
            self._note(text)
        self._note_missing_scores()
        self._fit = Fit(self._excerpt, settings, self._device)
        self._rows: list[Row] = []
        self._is_new = True

    def _make_subject(self, audio: F32, rate: int) -> Subject:
        """The excerpt, and what its images sound like in this task."""
        damage = make_damage(excerpt_spec(rate), len(audio), rate, self._settings)
        if damage is None:
            self._excerpt = Excerpt.of_sound(audio, rate)
        else:
            self._excerpt = Excerpt.of_sound(damage.damaged(audio), rate, is_known=damage.is_known)
        if not self._excerpt.block.is_active.any():
            start_s = self._settings.start_s
            end_s = start_s + len(audio) / rate
            but = "" if damage is None else " but for what is taken away"
            raise InputError(
                f"{self._source}: nothing to learn from: {start_s:g} s to {end_s:g} s is silent{but}; "
                "choose another part with --start and --end"
            )
        name = self._reference_name
        reference = None if name is None else read_reference(name, self._settings, self._excerpt)
        if damage is None:
            return Denoising(self._excerpt, reference)
        return Filling(self._excerpt, damage, audio if reference is None else reference, self._settings.seed)

    def _note_missing_scores(self) -> None:
        if isinstance(self._subject, Filling) and not self._subject.can_compare:
            name = self._reference_name or self._source
            self._note(
                f"{name}: has nothing where sound is made, so that is not compared; "
                "give the recording without its damage with --clean"
            )
        missing = missing_packages() if self._task is DENOISE and self._reference_name is not None else []
        if missing:
            self._note(
                f"no scores of {' and '.join(missing)}, not installed: pip install 'dap_stream[bench]'"
            )

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._tell(text)

    def open(self, folder: Path, force: bool) -> None:
        """Make the folder, or go on with the study in it."""
        self._folder = folder
        inputs = [name for name in (self._source, self._reference_name) if name is not None]
        output_folder.make_folder(folder, inputs)
        earlier_files = output_folder.own_files(folder)
        if not force and earlier_files and earlier_files[0].name != output_folder.RESUME:
            raise holds_already(folder, earlier_files[0].name, "another folder with -o")
        self._key = fingerprint(self._excerpt, self._subject.reference, self._settings, self._device)
        if earlier_files and not force:
            self._go_on(folder / output_folder.RESUME)
        else:
            self._rows = [Row(0, 0.0, None, None, None, self._subject.start)]
        self._keep()
        self.save()  # from now on the folder is known as that of a study: whatever comes, it can go on
        if force:  # only now: on a full disk the earlier study is still there
            output_folder.remove_results(folder)
        for name, audio in self._subject.files.items():
            self._write(name, audio)

    def _go_on(self, path: Path) -> None:
        """Take over what an earlier run has left; OutputError if it is not of this study."""
        content = load_checkpoint(path)
        try:
            if content["key"] != self._key:
                raise OutputError(
                    f"{self._folder}: holds a study of another recording, reference or setting; "
                    "choose another folder with -o, or say force=True to replace it"
                )
            self._fit.restore(content["fit"])
            self._rows = [Row(**row) for row in content["rows"]]
        except (KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
            raise damaged(path) from error
        self._check_earlier()
        done, wanted = self._fit.iteration, self._settings.iterations
        self._is_new = done < wanted
        if self._is_new:
            self._note(f"{self._folder}: going on after {done} of {wanted} iterations")
        else:
            self._note(f"{self._folder}: was done already; only tables, stops and picture are made again")

    def _check_earlier(self) -> None:
        done, sampled = self._fit.iteration, {row.iteration for row in self._rows}
        advice = "choose another folder with -o, or say force=True to start anew"
        if done > self._settings.iterations:
            raise OutputError(
                f"{self._folder}: its study has gone to {done} iterations already; ask for as many, {advice}"
            )
        for iteration in self._settings.kept:
            if iteration < done and iteration not in sampled:
                raise OutputError(
                    f"{self._folder}: its study has passed iteration {iteration} and kept no sample; {advice}"
                )
        names = [output_folder.sample_name(i, way) for i in sorted(sampled - {0}) for way in self._task.ways]
        for name in names:
            if not (self._folder / name).is_file():
                raise OutputError(f"{self._folder / name}: is missing from the study; {advice}")

    def fit(self, progress: IterationCallback | None) -> None:
        """All iterations that are left, with their samples."""
        kept, total = set(self._settings.kept), self._settings.iterations
        saved = time.monotonic()

        def with_total(done: int) -> None:
            if progress is not None:
                progress(done, total)

        for stop in sorted({*kept, *range(LOOK, total, LOOK), total}):
            if stop < self._fit.iteration:
                continue
            self._fit.advance(stop, with_total)
            if stop in kept and self._rows[-1].iteration < stop:
                self._sample()
            self._keep()
            if time.monotonic() - saved > SAVE_EVERY_S:
                self.save()
                saved = time.monotonic()

    def _sample(self) -> None:
        fit, image = self._fit, self._fit.image()
        sounds = self._subject.sounds(image)
        for way, audio in sounds.items():
            self._write(output_folder.sample_name(fit.iteration, way), audio)
        losses = fit.train_loss(), fit.held_out_loss()
        scores = self._subject.scores(image, sounds)
        self._rows.append(Row(fit.iteration, fit.seconds, *losses, fit.variance, scores))

    def _write(self, name: str, audio: F32) -> None:
        output_folder.write_sound(self._folder / name, audio, self._excerpt.sample_rate)

    def _keep(self) -> None:
        # In one assignment: a signal comes before or after it.
        self._safe: tuple[dict[str, Any], list[Row]] = self._fit.state(), list(self._rows)

    def go_back(self) -> None:
        """Forget what was done since the last safe state, whatever it was in the middle of."""
        state, rows = self._safe
        self._fit.restore(state)
        self._rows = list(rows)

    def save(self) -> None:
        """Put the last safe state on the disk."""
        state, rows = self._safe
        content = {"key": self._key, "fit": state, "rows": [asdict(row) for row in rows]}
        save_checkpoint(self._folder / output_folder.RESUME, content)

    def finish(self) -> StudyResult:
        """Listen where the rules stop; write the tables and the picture."""
        stops = [self._stop(rule) for rule in self._fit.rules]
        last = self._rows[-1]
        if last.iteration > 0:
            stops.append(Stop(LAST, last.iteration, last.iteration, last.scores))
        can_draw = find_spec("matplotlib") is not None
        if not can_draw:
            self._note("no picture was made, since matplotlib is not there: pip install 'dap_stream[report]'")
        result = StudyResult(
            self._source,
            self._reference_name,
            self._folder,
            self._settings,
            self._device,
            self._excerpt.sample_rate,
            self._excerpt.seconds,
            tuple(self._rows),
            tuple(stops),
            tuple(self._fit.trace),
            self._fit.iteration,
            self._fit.seconds,
            self._is_new,
            tuple(self._notes),
        )
        output_folder.write_tables(result)
        if can_draw and result.samples:
            from dap_stream.apps.study.plots import draw_study

            draw_study(result)
        return result

    def _stop(self, name: str) -> Stop:
        rule, image = self._fit.rules[name], self._fit.stop_image(name)
        if image is None:
            return Stop(name, None, None, {})
        sounds = self._subject.sounds(image)
        self._write(output_folder.stop_name(name), sounds[self._task.way])
        return Stop(name, rule.iteration, rule.stopped_at, self._subject.scores(image, sounds))
