"""The dock widget that saves layers: a container of magicgui over `plugin.save.model`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import napari
from magicgui.widgets import Container
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer

from napari_ome_zip.errors import SaveCancelledError, SaveError
from napari_ome_zip.plugin.docks import CHECK_COMMAND, PLUGIN, open_check, title_of
from napari_ome_zip.plugin.proxies import viewer_itself
from napari_ome_zip.plugin.save.begin import agreed_task
from napari_ome_zip.plugin.save.fields import SaveFields
from napari_ome_zip.plugin.save.footer import Footer, WhenShown
from napari_ome_zip.plugin.save.model import (
    Layers,
    SaveChoices,
    SaveStatus,
    View,
    can_be_saved,
    resolve,
    summary,
)
from napari_ome_zip.plugin.save.part import what_is_shown
from napari_ome_zip.plugin.save.planning import Planner, PlanTask
from napari_ome_zip.plugin.save.proposal import (
    LABELS,
    PART,
    proposed_file,
    replaceable_source,
    sources_of,
)
from napari_ome_zip.plugin.save.remembered import last_folder, remembered_choices
from napari_ome_zip.plugin.save.run import SaveRun, running_save, window_of
from napari_ome_zip.plugin.save.target import target_of
from napari_ome_zip.plugin.save.viewer_follower import ViewerFollower
from napari_ome_zip.plugin.viewer_state import layer_data_of
from napari_ome_zip.saving.estimate import SizeEstimate

if TYPE_CHECKING:
    import napari.viewer

_REFRESH_AFTER_MS = 100


class SaveWidget(Container):  # type: ignore[type-arg]
    """A form that saves layers of a viewer as a single-image archive.

    As any container of magicgui it can be used in scripts and in other containers: each field has
    a ``value``, `asdict` gives all of them.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer, optional
        Whose layers are offered; the form follows them. Without it, the viewer in front.

    Raises
    ------
    ValueError
        If there is no viewer.

    Examples
    --------
    >>> form = SaveWidget(viewer)  # doctest: +SKIP
    >>> form.file.value = "cells.ome.zip"  # doctest: +SKIP
    >>> form.time.value = (3, 7)  # doctest: +SKIP
    >>> form.save()  # doctest: +SKIP
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer | None = None) -> None:
        viewer = napari_viewer or napari.current_viewer()
        if viewer is None:
            raise ValueError("There is no viewer whose layers could be saved: open one first.")
        self._viewer = viewer_itself(viewer)
        self._choices = remembered_choices()
        self._is_named = False
        """Whether a person chose the file; otherwise one is proposed."""
        self._is_hidden = False
        self._job = SaveStatus()
        self._view: View | None = None
        self._estimate: SizeEstimate | None = None
        self._run: SaveRun | None = None
        self._proposed_for: tuple[object, ...] | None = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_AFTER_MS)
        self._timer.timeout.connect(self._refresh)
        self._make_fields()
        super().__init__(widgets=self._fields.all, name="save_layers")
        self.footer = Footer()
        self._make_native()
        self.changed.connect(self._on_form)
        self._follower = ViewerFollower(self._viewer, self._timer.start, self._on_move)
        self.native.destroyed.connect(self._follower.stop)
        self.native.destroyed.connect(self._timer.stop)
        self._refresh()

    def _make_fields(self) -> None:
        self._fields = fields = SaveFields()
        self.layers, self.file, self.use_source = fields.layers, fields.file, fields.use_source
        self.visible_only, self.time, self.depth = fields.visible_only, fields.time, fields.depth
        self.advanced, self.version, self.levels = fields.advanced, fields.version, fields.levels
        self.split, self.for_others, self.as_usual = (
            fields.split,
            fields.for_others,
            fields.as_usual,
        )
        self.labels_alone, self.thumbnail = fields.labels_alone, fields.thumbnail
        self.codec, self.level = fields.codec, fields.level
        self.chunk, self.shard = fields.chunk, fields.shard

    def _make_native(self) -> None:
        footer = self.footer
        self.native.layout().addWidget(footer)
        footer.save.clicked.connect(self._on_save)
        footer.cancel.clicked.connect(self.cancel)
        footer.open.clicked.connect(self._open_saved)
        footer.check.clicked.connect(self._check_saved)
        self.use_source.changed.connect(self._choose_source)
        self._planner = Planner(self.native)
        self._planner.planned.connect(self._on_planned)
        self._planner.estimated.connect(self._on_estimated)
        self._planner.failed.connect(self._on_not_planned)
        self._when_shown = WhenShown(self.native)
        self._when_shown.shown.connect(self._on_shown)
        self._when_shown.hidden.connect(self._on_hidden)

    # What is chosen

    @property
    def choices(self) -> SaveChoices:
        """What is chosen; setting it changes the form."""
        return self._choices

    @choices.setter
    def choices(self, choices: SaveChoices) -> None:
        self._is_named = bool(choices.file)
        self._choices = choices
        self._refresh()

    @property
    def job(self) -> SaveStatus:
        """The save that is running, or the last one."""
        return self._job

    def reset_choices(self, *_: Any) -> None:
        """Offer the layers that there are now; napari calls this when layers come and go."""
        self._timer.start()

    def _on_form(self) -> None:
        before = self._choices
        self._choices = self._fields.choices(before)
        self._is_named = self._is_named or self._choices.file != before.file
        self._timer.start()

    def _on_move(self) -> None:
        if self._choices.visible_only:
            self._timer.start()

    def _choose_source(self) -> None:
        source = replaceable_source(sources_of(self._viewer.layers))
        if source is not None:
            self.file.value = source

    def _layer_data(self) -> Layers:
        """Enough to decide what is written; saving looks at more of each layer."""
        return [(layer.unique_id, layer.as_layer_data_tuple()) for layer in self._viewer.layers]

    def _all_layer_data(self) -> Layers:
        layers = self._viewer.layers
        return [(layer.unique_id, layer_data_of(layer, self._viewer)) for layer in layers]

    # What is shown of it

    def _refresh(self) -> None:
        """Show the choices, and find out what follows from them."""
        self._timer.stop()
        if self._is_hidden:
            return
        layers, showing = self._layer_data(), what_is_shown(self._viewer)
        able = [data for data in layers if can_be_saved(data[1])]
        self._propose([str(data[1]["name"]) for _, data in able])
        keys = {key for key, _ in able}
        offered = [layer for layer in self._viewer.layers if layer.unique_id in keys]
        self._show_job()
        self._fields.show(self._choices, offered, showing)
        if not self._job.running:
            self._planner.ask(PlanTask(self._choices, layers, showing))

    def _propose(self, names: list[str]) -> None:
        """Propose a file as long as none is chosen; the same one as long as nothing changes."""
        sources, chosen = sources_of(self._viewer.layers), self._choices
        part = chosen.visible_only or chosen.time is not None or chosen.depth is not None
        word = LABELS if chosen.labels_alone else PART if part else ""
        reasons = (*sources[:1], *names[:1], word)
        if not self._is_named and reasons != self._proposed_for:
            self._proposed_for = reasons
            path = proposed_file(sources, names, last_folder(), word)
            self._choices = replace(chosen, file=str(path))
        own = None if chosen.labels_alone else replaceable_source(sources)
        self.use_source.visible = own is not None and own != target_of(self._choices.file)
        self.use_source.text = "Replace the opened file"

    def _on_planned(self, view: View) -> None:
        self._view, self._estimate = view, None
        self._show_view()

    def _on_estimated(self, estimate: SizeEstimate) -> None:
        self._estimate = estimate
        self._show_view()

    def _on_not_planned(self, error: Exception) -> None:
        notification_manager.receive_error(type(error), error, error.__traceback__)

    def _show_view(self) -> None:
        if self._view is not None:
            self.footer.summary.setText(summary(self._view, self._estimate))
            self.footer.save.setText("Replace" if self._view.replaces else "Save")
        possible = self._view is not None and not self._view.problem
        self.footer.save.setEnabled(possible and not self._job.running)

    def _show_job(self) -> None:
        job, footer = self._job, self.footer
        for field in self._fields.all:
            field.enabled = not job.running
        self._show_view()
        footer.cancel.setEnabled(job.running)
        footer.progress.setVisible(job.running)
        footer.result.setText(job.message)
        footer.result.setVisible(bool(job.message))
        footer.open.setVisible(job.saved is not None)
        footer.check.setVisible(job.saved is not None and title_of(CHECK_COMMAND) is not None)

    # Saving

    def save(self) -> None:
        """Save in a thread of its own; layers may change from now on.

        A file that would hold less than before is replaced only once a person agrees.

        Raises
        ------
        SaveError
            If this cannot be saved, or is being saved already; nothing is written.
        DraftNeededError
            If only a draft of OME-Zarr holds this, and there is no window to ask in.
        SaveCancelledError
            If the person does not agree.
        """
        if self._job.running:
            raise SaveError("A save is running: wait for it, or cancel it. Nothing else was saved.")
        layers, showing = self._all_layer_data(), what_is_shown(self._viewer)
        view = self._view
        if view is None or self._timer.isActive() or self._planner.is_busy:
            view = resolve(self._choices, layers, showing)
            self._on_planned(view)
        sources = sources_of(self._viewer.layers)
        task = agreed_task(view, self._choices, layers, showing, sources)
        self._planner.stop_estimate()
        self._is_named = True
        run = SaveRun(window_of(self.native), task)
        self._follow_run(run)
        run.start()

    def _on_save(self) -> None:
        try:
            self.save()
        except (SaveError, SaveCancelledError) as error:
            self._on_ended(SaveStatus(message=str(error)))

    def cancel(self) -> None:
        """Ask the running save to stop; it keeps nothing."""
        if self._run is not None:
            self._run.task.cancel()

    def _on_hidden(self) -> None:
        """Do nothing while nobody sees it: a dock that is closed may stay in memory."""
        self._is_hidden = True
        self._planner.stop_estimate()

    def _on_shown(self) -> None:
        """Show what changed meanwhile, and the save that a form, closed since, has left behind."""
        self._is_hidden = False
        self._timer.start()
        run = running_save(self.native) if self._run is None else None
        if run is not None:
            self._choices, self._is_named = run.task.choices, True
            self._follow_run(run)

    def _follow_run(self, run: SaveRun) -> None:
        self._run = run
        self._job = SaveStatus(running=True)
        run.moved.connect(self.footer.progress.setValue)
        run.ended.connect(self._on_ended)
        self._refresh()
        self.footer.progress.setValue(run.task.percent)

    def _on_ended(self, job: SaveStatus) -> None:
        self._run = None
        self._job = job
        self._refresh()

    def _open_saved(self) -> None:
        if self._job.saved is not None:
            self._viewer.open(self._job.saved, plugin=PLUGIN)

    def _check_saved(self) -> None:
        if self._job.saved is not None:
            open_check(self._viewer, str(self._job.saved), CHECK_COMMAND)
