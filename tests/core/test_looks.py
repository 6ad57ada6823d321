"""Look groups: who renders the same pixels takes part; who does not know its look renders the test picture first."""

import msgspec
import pytest

from musep2p.cli.pinning import hashes_of, largest_group
from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.abilities import able, lacks
from musep2p.core.ids import digest_of
from musep2p.core.messages import Calibrate, EngineModels, Hello, Look
from musep2p.core.model_names import same_model
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings, batch_id, encode_recipe
from musep2p.core.records import Entry
from musep2p.core.requests import CalibrateAsk, ErrorAnswer, PeersAnswer, PeerView, Request, StatusAsk
from tests.core.test_abilities import batch_of
from tests.core.wire import RECIPE, Table

OURS, OTHER = "0" * 12, "1" * 12
ONE_LOOK = msgspec.structs.replace(RECIPE, looks={"": OURS})


def farm_of(count, recipe=ONE_LOOK):
    """Peers that have met and a batch of one look; each has a slot that is ready."""
    farm = Table(count)
    if count > 1:
        farm.meet()
    farm.submit("p0", recipe, Settings("table", retries=50))
    farm.wait(6000)
    for name in farm.peers:
        farm.happen(name, ev.SlotReady(0))
    farm.wait(1000)
    return farm


def show(farm, name, look, reason=""):
    """A peer's calibration ends."""
    farm.happen(name, ev.Tested(0, "null", reason, look=look))
    farm.wait(1500)


def status(farm, name="p0"):
    farm.happen(name, ev.Asked(b"face", Request(1, "table", 9, StatusAsk("table"))))
    return farm.replies[-1].batches[0]


def test_nobody_renders_before_its_look_is_known_and_only_those_of_the_group():
    """Both calibrate; one has the look, renders all, and the other nothing."""
    farm = farm_of(2)
    assert (
        farm.tests == [("p0", fx.Test(0, "null", "", True)), ("p1", fx.Test(0, "null", "", True))] and not farm.starts
    )
    assert status(farm).state == "waiting"
    show(farm, "p1", OURS)
    show(farm, "p0", OTHER)
    done = set()
    for _ in range(200):
        if not farm.starts:
            farm.wait(1000)
        if not farm.starts:
            break
        name, start = farm.starts.pop(0)
        assert name == "p1"
        done.update(Ranges.decode(start.ranges).indices())
        for index in Ranges.decode(start.ranges).indices():
            farm.happen(name, ev.TasksDone(0, start.chunk, (Entry(index, digest_of(b""), 1, 1),), 2_000_000))
        farm.happen(name, ev.ChunkEnded(0, start.chunk))

    assert done == set(range(20)) and status(farm).state == "done"
    assert len(farm.tests) == 2, "once each"


def test_what_nobody_has_waits_and_says_who_has_which():
    """The reason names each peer with its own look."""
    farm = farm_of(2)
    show(farm, "p0", OTHER)
    show(farm, "p1", "", "out of memory")
    told = status(farm)

    assert told.state == "waiting" and not farm.starts
    assert f"p0 has not the look {OURS} (its own is {OTHER})" in told.reason
    assert f"p1 has not the look {OURS} (its own is not known: out of memory)" in told.reason


def test_a_calibration_that_failed_is_tried_again_ever_later():
    """Ten seconds, twenty, at most five minutes; then it works."""
    farm, waits = farm_of(1), []
    for _ in range(7):
        tests, before = len(farm.tests), farm.now_ms
        farm.happen("p0", ev.Tested(0, "null", "broken"))
        while len(farm.tests) == tests:
            farm.wait(1000, step=1000)
        waits.append(round((farm.now_ms - before) / 1000))
    assert waits == [10, 20, 40, 80, 160, 300, 300] and not farm.starts
    show(farm, "p0", OURS)

    assert farm.starts


@pytest.mark.parametrize("ends", ["died", "owner", "hangs"])
def test_a_calibration_that_does_not_end(ends):
    """A crash is a reason; an owner who wants the machine is none; one that hangs is ended."""
    farm = farm_of(1)
    if ends == "died":
        farm.happen("p0", ev.SlotDied(0, "crashed"))
    elif ends == "owner":
        farm.happen("p0", ev.RestChanged("somebody uses this machine"))
        farm.happen("p0", ev.SlotDied(0, "ended"))
        farm.happen("p0", ev.RestChanged(""))
    else:
        farm.wait(farm.tuning.timeout_floor_ms + 1000, step=10_000)
        assert [kill for _, kill in farm.slot_orders] == [fx.Kill(0, "the calibration render did not end")]
        farm.happen("p0", ev.SlotDied(0, "ended"))
    reasons = [look.reason for look in farm.core("p0").hello.looks]
    farm.happen("p0", ev.SlotReady(0))
    farm.wait(15_000 if ends != "hangs" else 5 * farm.tuning.timeout_floor_ms + 5000, step=1000)

    assert reasons == {"died": ["crashed"], "owner": [], "hangs": ["the calibration render did not end"]}[ends]
    assert len(farm.tests) == 2
    show(farm, "p0", OURS)
    assert farm.starts


def test_whoever_asks_has_all_peers_calibrate():
    """Before a batch is submitted: who has the engine renders; the list of peers tells the looks."""
    farm = Table(3)
    farm.meet()
    for name in farm.peers:
        farm.happen(name, ev.SlotReady(0))
    farm.happen("p0", ev.Asked(b"face", Request(1, "table", 1, CalibrateAsk("null", ("m",)))))
    assert [envelope.body for _, _, envelope in farm.mail if isinstance(envelope.body, Calibrate)]
    farm.wait(500)
    assert sorted(farm.tests) == [(name, fx.Test(0, "null", "m", True)) for name in ("p0", "p1", "p2")]
    for name, look in (("p0", OURS), ("p1", OTHER), ("p2", OURS)):
        show(farm, name, look)
    farm.wait(1500)
    farm.happen("p0", ev.Asked(b"face", Request(1, "table", 2, CalibrateAsk("null", ("m",)))))

    answer = farm.replies[-1]
    assert isinstance(answer, PeersAnswer)
    assert {peer.name: peer.looks for peer in answer.peers} == {
        "p0": (Look("null", "m", OURS),), "p1": (Look("null", "m", OTHER),), "p2": (Look("null", "m", OURS),),
    }  # fmt: skip
    assert not any(isinstance(envelope.body, Calibrate) for _, _, envelope in farm.mail), "all is known"
    assert len(farm.tests) == 3


def test_a_batch_whose_look_is_not_chosen_is_refused():
    """Only a client that did not ask first would submit one."""
    farm = Table(1)
    farm.submit("p0", msgspec.structs.replace(RECIPE, looks={}))

    assert isinstance(farm.replies[-1], ErrorAnswer) and farm.replies[-1].code == "look"


def test_batches_that_ask_for_nothing_keep_their_ids():
    """Neither field is encoded unless it is set, and both decide what the pictures are."""
    assert b"looks" not in encode_recipe(RECIPE) and b"hashes" not in encode_recipe(RECIPE)
    others = [msgspec.structs.replace(RECIPE, **more) for more in ({"looks": {"": OURS}}, {"hashes": {"m": "0" * 10}})]
    assert len({batch_id(each) for each in (RECIPE, *others)}) == 3


@pytest.mark.parametrize(
    ("title", "fits"),
    [("xl.safetensors [0123abcdef]", True), ("xl.safetensors", True), ("xl.safetensors [fedcba9876]", False)],
)
def test_another_model_of_the_same_name(title, fits):
    """Its hash is another one; who tells no hash may be asked."""
    peer = Hello(1, "f", "p", 1, 2, 1, ("null",), models=(EngineModels("null", (title,)),))
    batch = batch_of(model="xl", hashes={"xl": "0123abcdef"})

    assert able(peer, batch) == fits
    assert fits or lacks(peer, batch) == f"the model 'xl' with the hash 0123abcdef: its own is {title!r}"
    assert same_model("xl [0123abcdef]", title) == fits


def view(name, *, looks=(), titles=(), slots=1):
    hello = (EngineModels("null", titles),) if titles else ()
    number = f"{int(name[1:]):016x}"
    return PeerView(number, name, "", "up", "", slots, ["null"], 1.0, models=hello, looks=looks)


def test_the_hash_that_most_tell_is_meant(capsys):
    """Those that have another one are named."""
    titles = {"p0": ("xl [bbbbbbbbbb]",), "p1": ("a/xl.safetensors [aaaaaaaaaa]", "y [cccccccccc]"), "p2": ("xl",)}
    peers = [view(name, titles=each) for name, each in titles.items()]

    assert hashes_of([*peers, view("p3", titles=("xl [bbbbbbbbbbbb]",))], "null", ("xl", "z", "")) == {"xl": "b" * 10}
    assert "'xl' is bbbbbbbbbb in this batch; at p1 it is aaaaaaaa," in capsys.readouterr().err
    assert hashes_of(peers, "null", ("xl",)) == {"xl": "a" * 10}, "of equals the smallest"


def test_the_group_with_most_slots_is_taken(capsys):
    """And told, with those that do not take part."""
    looks = {"p0": (OTHER, 1), "p1": (OURS, 1), "p2": (OTHER, 1), "p3": ("", 9)}
    peers = [view(name, looks=(Look("null", "m", look, ""),), slots=slots) for name, (look, slots) in looks.items()]

    assert largest_group(peers, "null", "m") == OTHER
    assert f"look {OTHER} with m: p0, p2; another one have p1 ({OURS})" in capsys.readouterr().err


def test_of_several_models_each_has_its_own_look():
    """A peer takes the models whose look it has."""
    models = Recipe(
        "null", {}, (Axis.of("model", ("a", "b")), Axis.of("v", (1, 2))), given=("model",), looks={"a": OURS, "b": OURS}
    )
    farm = farm_of(1, models)
    assert farm.tests == [("p0", fx.Test(0, "null", "a", True))]
    show(farm, "p0", OTHER)
    assert farm.tests[1:] == [("p0", fx.Test(0, "null", "b", True))]
    show(farm, "p0", OURS)

    (start,) = [start for _, start in farm.starts]
    assert min(Ranges.decode(start.ranges).indices()) >= 2
    assert farm.core("p0").slots[0].warm == "null|b"


def test_a_calibration_that_hangs_takes_little_of_a_machine_that_has_other_work():
    """It is tried again after five times as long as it took."""
    farm = farm_of(1)
    for _ in range(3):
        farm.wait(farm.tuning.timeout_floor_ms + 1000, step=10_000)
        farm.happen("p0", ev.SlotDied(0, "ended"))
        farm.happen("p0", ev.SlotReady(0))
    assert len(farm.tests) == 1


@pytest.mark.parametrize("lacking", ["gpu", "tag", "model"])
def test_who_could_not_run_it_anyway_renders_no_test(lacking):
    """Its slots are for other work."""
    more = {"gpu": {"gpu_mb": 1000}, "tag": {"tags": ("fast",)}, "model": {}}[lacking]
    farm = Table(1)
    if lacking == "model":
        farm.happen("p0", ev.ModelsChanged({"null": ("another",)}))
    farm.submit("p0", msgspec.structs.replace(RECIPE, model="m", looks={"m": OURS}, **more), Settings("table"))
    farm.wait(6000)
    farm.happen("p0", ev.SlotReady(0))
    farm.wait(30_000, step=1000)
    assert not farm.tests


def test_what_is_done_needs_no_look():
    """A peer that is started again renders no test for batches of the past."""
    farm = farm_of(1)
    show(farm, "p0", OURS)
    while farm.starts:
        _, start = farm.starts.pop(0)
        for index in Ranges.decode(start.ranges).indices():
            farm.happen("p0", ev.TasksDone(0, start.chunk, (Entry(index, digest_of(b""), 1, 1),), 2_000_000))
        farm.happen("p0", ev.ChunkEnded(0, start.chunk))
    assert status(farm).state == "done"
    farm.boot("p0", 2)
    farm.happen("p0", ev.SlotReady(0))
    farm.wait(30_000, step=1000)
    assert len(farm.tests) == 1 and status(farm).state == "done"


def test_after_very_many_models_the_first_ones_are_forgotten():
    """A hundred are told; another one can still be found out."""
    farm = Table(1)
    farm.happen("p0", ev.SlotReady(0))
    for number in range(102):
        farm.happen("p0", ev.Asked(b"face", Request(1, "table", 1, CalibrateAsk("null", (f"m{number}",)))))
        farm.happen("p0", ev.Tested(0, "null", look=OURS))
    assert [look.model for look in farm.core("p0").hello.looks] == [f"m{number}" for number in range(2, 102)]


def test_an_old_reason_is_not_told_while_it_is_tried_again():
    """Else whoever asks would take it for news."""
    farm = Table(1)
    farm.happen("p0", ev.SlotReady(0))
    ask = ev.Asked(b"face", Request(1, "table", 1, CalibrateAsk("null", ("m",))))
    farm.happen("p0", ask)
    farm.happen("p0", ev.Tested(0, "null", "the server is off"))
    farm.wait(60_000, step=1000)
    farm.happen("p0", ask)
    assert farm.replies[-1].peers[0].looks == () and len(farm.tests) == 2


def test_a_model_that_is_listed_with_and_without_its_hash():
    """As Automatic1111 lists it: by title and by name; the hash counts."""
    peer = Hello(1, "f", "p", 1, 2, 1, ("null",), models=(EngineModels("null", ("xl.safetensors [fedcba9876]", "xl")),))
    assert not able(peer, batch_of(model="xl", hashes={"xl": "0123abcdef"}))
    assert able(peer, batch_of(model="xl", hashes={"xl": "fedcba9876"}))


def test_a_batch_that_runs_has_what_failed_tried_again():
    """While others wait, too: asleep or awake."""
    farm = farm_of(2)
    farm.submit("p0", msgspec.structs.replace(ONE_LOOK, fixed={"w": 1}), Settings("another"))
    show(farm, "p0", "", "broken")
    farm.wait(12_000, step=1000)
    assert [name for name, _ in farm.tests].count("p0") == 2


@pytest.mark.parametrize(
    ("asked", "has", "same"),
    [
        ("stabilityai/sdxl-turbo", "someone/sdxl-turbo [5ede9e4b3b5a]", False),
        ("stabilityai/sdxl-turbo", "stabilityai/SDXL-Turbo [5ede9e4b3b5a]", True),
        ("sdxl-turbo", "someone/sdxl-turbo [5ede9e4b3b5a]", True),
        ("XL/dream.safetensors", "dream.safetensors", True),
        ("old/dream.safetensors", "XL/dream.safetensors", True),
        ("/models/dream", "someone/dream", True),
    ],
)
def test_an_owner_is_part_of_a_repositorys_name_and_a_folder_is_not_of_a_files(asked, has, same):
    """Two people may give one name to their models."""
    assert same_model(asked, has) == same == same_model(has.partition(" [")[0], asked)
