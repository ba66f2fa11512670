"""Errors meant for people: a key, the values, and the one place where their sentences stand."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "palette.not_a_palette": "“{name}” is not a palette that can be read; "
    "one of GIMP (.gpl) or Adobe (.ase) is expected.",
    "gradient_file.broken": "“{name}” is not a gradient that can be read; a GIMP gradient (.ggr) is expected.",
    "gradient_file.unreadable": "The gradient “{name}” cannot be read: {reason}.",
    "palette.unreadable": "The palette “{name}” cannot be read: {reason}.",
    "snapshot.no_room": "There is no memory left for the snapshot “{name}”. "
    "Delete others, or allow the history more memory.",
    # documents
    "document.bad_size": "A picture of {width} × {height} pixels cannot be made; sides must be 1 to {limit} pixels.",
    "document.too_large": "A picture of {width} × {height} pixels needs {needed} GB; "
    "this computer has {limit} GB for pictures.",
    "document.scratch_full": "The disk for scratch files is full; {path} was not opened. Make room in {folder}.",
    "document.no_scratch": "{path} was not opened: no scratch files can be written in {folder} ({reason}).",
    "document.no_layer": "There is no layer {layer_id} in this document.",
    "document.layer_is_group": "“{name}” is a group; choose a layer inside it to paint on.",
    "document.layer_is_adjustment": "“{name}” is an adjustment layer and has no pixels; choose another layer, "
    "or its mask.",
    "document.no_mask": "“{name}” has no mask; add one first.",
    "document.group_into_itself": "“{name}” cannot be moved into itself.",
    "guide.exists": "There is a guide here already.",
    # brushes
    "brush.tip_damaged": "{path} is damaged: it ends before its picture does.",
    "brush.tip_size": "{path} is {width} × {height} pixels; the sides of a brush tip must be 1 to {limit}.",
    "brush.tip_kind": "{path} is a GIMP brush of a kind that cannot be read "
    "(version {version}, {depth} bytes a pixel).",
    "brush.tip_empty": "{path} is blank: there is nothing in it to paint with.",
    "brush.bad_preset": "{path} is not a valid brush: {reason}.",
    "brush.other_format": "{path} is not a brush of this version of the program.",
    "brush.bad_name": "A brush needs a name of 1 to {limit} letters.",
    "brush.bad_number": "{path} is not a valid brush: {entry} must be a number from {minimum} to {maximum}.",
    "brush.bad_choice": "{path} is not a valid brush: {entry} must be one of {known}.",
    "brush.bad_entry": "{path} is not a valid brush: its {entry} cannot be read.",
    "brush.shipped": "“{name}” came with the program and stays; save a copy under a name of your own.",
    # adjustments and filters
    "effect.unknown": "There is no adjustment or filter “{effect}”; there are {known}.",
    "effect.unknown_param": "“{effect}” has no parameter “{name}”; it has {known}.",
    "effect.bad_number": "{name} must be a number from {least} to {most}; “{value}” is not.",
    "effect.bad_whole": "{name} must be a whole number from {least} to {most}; “{value}” is not.",
    "effect.bad_switch": "{name} must be yes or no; “{value}” is not.",
    "effect.bad_choice": "{name} must be one of {known}; “{value}” is not.",
    "effect.bad_gradient": "“{text}” is not a gradient: stops “place rrggbb opacity middle” with numbers from 0 to 1, "
    "in order, with ; between them, are expected.",
    "effect.bad_curve": "“{text}” is not a curve: 2 to 32 points “x,y” from 0,0 to 1,1 with rising x are expected.",
    "effect.bad_color": "“{text}” is not a colour; #rrggbb is expected.",
    "effect.bad_text": "“{text}” is not name=value.",
    "effect.no_lut": "Choose a .cube file first: without one there are no colours to look up.",
    "effect.no_reference": "Choose a reference first: a layer or a picture whose colours are wanted.",
    "effect.no_reference_wanted": "“{effect}” takes no reference picture.",
    "effect.nothing_seen": "Nothing can be seen there, so it has no colours.",
    "effect.no_lut_wanted": "“{effect}” takes no .cube file.",
    "effect.lut_broken": "This is not a whole .cube file: {reason}.",
    "effect.lut_too_large": "This .cube file has more than {limit} MB, which no table of colours needs.",
    "effect.too_wide": "Distortions work on pictures whose sides are {limit} pixels at most.",
    "effect.layer_needs_ora": "{path} cannot hold an adjustment layer; give the file a name that ends with .ora.",
    "effect.empty": "“{name}” is empty here; there is nothing to change.",
    "effect.nothing_to_repeat": "No filter has been used yet.",
    "refine.no_mask": "There is no edge to refine: give the layer a mask (Remove background makes one), "
    "or select something.",
    "refine.empty": "Nothing was painted inside the picture; paint over the edge.",
    # why a network decided so
    "why.no_picture": "“{model_id}” is not shown a picture, so no region of one can have decided anything.",
    "why.nothing": "“{model_id}” found nothing here, so there is no decision to ask about.",
    "why.bad_number": "{name} must be a whole number from {least} to {most}; “{value}” is not.",
    # text
    "text.not_pixels": "“{name}” is a text layer; turn it into pixels first (Layer ▸ Turn into pixels), "
    "or change its text.",
    "text.empty": "There is no text to show; write something first.",
    "text.too_large": "This text would be {width} × {height} pixels large; {limit} a side is the most.",
    "text.too_long": "A text layer holds {limit} letters at most; this text has {length}.",
    "text.bad_value": "{name} must be {wanted}; “{value}” is not.",
    "text.bad_transform": "This text or shape would be flat, or absurdly large; turn or scale it less.",
    "text.no_family": "There is no font family “{family}” on this computer.",
    # shapes
    "shape.not_pixels": "“{name}” is a shape layer; turn it into pixels first (Layer ▸ Turn into pixels), "
    "or change its shape.",
    "shape.invisible": "A shape needs a fill or a stroke; switch one of them on.",
    "shape.empty": "Nothing of this shape would show; draw it inside the picture.",
    # files
    "file.missing": "There is no file {path}.",
    "file.is_folder": "{path} is a folder, not a file.",
    "file.no_permission": "{path} cannot be opened: permission denied.",
    "file.no_write_permission": "{path} cannot be written: permission denied.",
    "file.no_folder": "The folder {folder} does not exist; choose another place to save.",
    "file.disk_full": "The disk is full; {path} was not written.",
    "file.read_only_disk": "{path} cannot be written: the disk is read-only.",
    "file.name_too_long": "The name {path} is too long for this disk.",
    "file.cannot_read": "{path} cannot be read: {reason}.",
    "file.cannot_write": "{path} cannot be written: {reason}.",
    "file.empty": "{path} is empty (zero bytes).",
    "file.not_a_picture": "{path} is not a picture.",
    "file.unsupported": "{path} is of a kind that cannot be opened here; PNG, JPEG, WebP, TIFF, BMP "
    "and OpenRaster can.",
    "file.unsupported_content": "{path} is a {format} picture of a kind that cannot be opened here ({reason}).",
    "file.unknown_suffix": "“{suffix}” is not a kind of file that pictures can be saved as; use one of {known}.",
    "file.truncated": "{path} is cut off: its end is missing.",
    "file.damaged": "{path} is damaged and cannot be opened.",
    "file.too_many_pixels": "{path} says it is {width} × {height} pixels; "
    "pictures over {limit_megapixels} megapixels are not opened.",
    "file.no_memory": "There is not enough memory to open {path} ({width} × {height} pixels); close other programs.",
    "file.too_large_for_format": "A picture of {width} × {height} pixels cannot be saved as {format}; "
    "its sides may be {limit} pixels at most.",
    "file.bad_quality": "Quality must be between 1 and 100; {quality} is not.",
    "file.bad_openraster": "{path} is not a valid OpenRaster file: {reason}.",
    # journals
    "journal.unreadable": "The journal {path} cannot be read: {reason}.",
    "journal.nameless_damaged": "A journal that was left behind is damaged; nothing of it can be brought back.",
    "journal.damaged": "The journal of “{name}” is damaged; nothing of it can be brought back.",
    "screen.unreadable": "{path} cannot be read: {reason}. The colours of the screen stay as they are.",
    "screen.no_profile": "{path} is no colour profile of a screen; choose an ICC file (.icc or .icm) for RGB.",
    # models
    "model.unknown": "There is no model “{model_id}”. Installed models: {known}.",
    "model.broken": "The model “{model_id}” cannot be used: {reason}",
    "model.no_manifest": "{folder} holds no manifest.toml, so it is not a model.",
    "model.bad_manifest": "{path} is not a valid manifest: {reason}",
    "model.file_missing": "The file {path} of the model “{model_id}” is missing; install the model again.",
    "model.file_altered": "{path} is not the file that the model “{model_id}” was published with "
    "(its SHA-256 differs); install the model again.",
    "model.file_too_large": "{path} is larger than {limit_mb} MB, which is more than a model file may be.",
    "model.bad_file_name": "The manifest names the file “{name}”; "
    "only plain .onnx names beside the manifest are allowed.",
    "model.changed": "The model “{model_id}” has changed since this was set up; choose it again.",
    "model.cannot_load": "The model “{model_id}” cannot be loaded: {reason}",
    "model.run_failed": "The model “{model_id}” failed while computing: {reason}",
    "model.no_tensor": "The manifest of “{model_id}” names the tensor “{name}”, but the file has only: {known}.",
    "model.unfed_input": "The model “{model_id}” wants the input “{name}”, which its manifest does not describe.",
    "model.bad_output": "The model “{model_id}” returned an array of shape {shape} where {expected} was expected.",
    "model.role_unsupported": "Models of the kind “{task}” cannot have an input or output with the role “{role}”.",
    "model.input_missing": "The model “{model_id}” needs the input “{role}”.",
    "model.input_unknown": "The model “{model_id}” takes no input “{role}”; it takes: {known}.",
    "model.out_of_memory": "There is not enough memory to run “{model_id}”, even with the smallest tiles; "
    "close other programs or use a smaller picture.",
    "model.no_shared_memory": "There is no room for {size_mb} MB of pixels in {folders}; free some space there.",
    "param.unknown": "“{model_id}” has no parameter “{name}”; it has: {known}.",
    "param.unknown_none": "“{model_id}” has no parameter “{name}”; it has none at all.",
    "param.out_of_range": "{name} must be between {minimum} and {maximum}; {value} is not.",
    "param.not_a_number": "{name} must be a number between {minimum} and {maximum}; “{value}” is not.",
    "param.not_whole": "{name} must be a whole number between {minimum} and {maximum}; “{value}” is not.",
    "param.not_a_choice": "{name} must be one of {known}; “{value}” is not.",
    "model.no_string": "The model “{model_id}” wants text or an encoded file as “{name}”, which cannot be given.",
    "generate.bad_seed": "The seed must be 0 to {limit}; {seed} is not.",
    "words.unknown": "{name}: this model does not know {words}. It knows, for example, {known}.",
    "words.too_many": "{found} words are too many: this model reads {limit}.",
    "words.too_long": "{name} is longer than {limit} characters.",
    "generate.no_size": "{model_id} makes pictures of one size: leave --size away, and resize what comes out.",
    "generate.bad_size": "“{size}” is no size: write width x height, such as 1024x768, each from 1 to {limit}.",
    "generate.size_only": "{model_id} takes a seed, a size and parameters; {option} is not for it.",
    "generate.bad_count": "Between 1 and {limit} pictures can be made at once; {count} is not.",
    "generate.bad_truncation": "The truncation must be between 0 and 2; {truncation} is not.",
    "generate.no_latent": "The model “{model_id}” takes no latent.",
    "generate.bad_latent": "The model “{model_id}” needs a latent of {expected} numbers for each picture; "
    "{found} were given.",
    "generate.nothing_to_encode": "There are no pixels to encode here; choose a layer that has some.",
    "generate.no_stamps": "The stamps are still being made; try again in a moment.",
    "generate.no_stamp_model": "No generator is installed that could make the stamps; import or train one first.",
    "generate.no_mixing": "The model “{model_id}” mixes in no other picture.",
    "walk.bad_seeds": "A walk goes along seeds such as 1,5,9; “{text}” is not that.",
    "walk.too_few_stops": "A walk needs at least two seeds, such as 1,5.",
    "walk.bad_frames": "A walk has between {least} and {limit} frames; {count} is not.",
    "walk.bad_speed": "The frames a second must be above 0 and at most {limit:g}; {speed:g} is not.",
    "walk.bad_side": "The longer side must be 1 to {limit} pixels; {side} is not.",
    "animation.bad_name": "The name of an animation ends with {known}; {path} does not.",
    "animation.no_video": "The OpenCV of this installation cannot write MP4 videos; choose a name with .webp or .gif.",
    "latent.bad_length": "{path} holds an array of shape {found}; each latent of this model has {expected} numbers.",
    "latent.not_finite": "{path} holds numbers that are not finite (NaN or infinity).",
    "latent.unreadable": "{path} cannot be read as a latent: {reason}.",
    "worker.crashed": "The model process ended unexpectedly ({reason}). Your picture is unharmed; try again, "
    "or use a smaller picture.",
    "worker.silent": "“{model_id}” computed for {seconds} seconds without getting anywhere and was stopped; "
    "use a smaller picture or another model.",
    "device.unavailable": "“{device}” cannot be used: {reason} Choose the automatic device or the processor.",
    "device.no_support": "The installed onnxruntime has no {name} support.",
    "device.no_driver": "No NVIDIA driver was found.",
    "device.no_libraries": "The CUDA or cuDNN libraries are missing or do not fit the installed onnxruntime.",
    "device.cuda_failed": "CUDA failed: {reason}",
    "device.wrong_result": "CUDA computed a wrong result.",
    "device.other_provider": "{wanted} was asked for, but onnxruntime gave {given}.",
    "worker.no_start": "The model process could not be started: {reason}",
    "note.cpu_instead": "Computed on the processor instead of the GPU. {reason}",
    "note.off_palette": "{share} % of the picture had colours that stand for no class; the nearest were taken.",
    "note.no_gpu_memory": "Not enough GPU memory; computed on the processor.",
    "note.smaller_tiles": "Not enough memory; used smaller tiles of {tile} pixels.",
    # importing models
    "import.not_a_file": "{path} is not a file; choose an .onnx file.",
    "import.reason.inputs": "no picture network has more than {limit} inputs",
    "import.reason.three_pictures": "only one or two pictures can be given",
    "import.reason.no_numbers": "it is no array of numbers",
    "import.reason.batch": "it wants {count} pictures at once; export the network for one at a time",
    "import.reason.shape": "its shape {shape} is that of no picture",
    "import.reason.video": "it has {count} axes, as the frames of a video have; only single pictures can be given",
    "import.reason.encoded": "it wants an encoded file, such as the bytes of a JPEG, instead of pixels",
    "import.reason.length": "it does not say how many numbers it wants",
    "import.reason.numbers": "it wants {count} numbers whose meaning is not known",
    "import.reason.ending": "its name does not end with .onnx; export the network to ONNX first",
    "import.reason.unparsable": "it cannot be parsed as ONNX",
    "import.reason.empty": "it holds no network",
    "import.reason.names": "the names in it are damaged",
    "import.reason.compiled": "it holds code for one device instead of a network",
    "import.order.gray": "grey",
    "import.order.with_mask": "RGB and mask",
    "import.order.with_level": "RGB and level",
    "import.order.gray_with_level": "grey and level",
    "import.order.two": "two RGB pictures",
    "import.order.two_with_time": "two RGB pictures and time",
    "import.too_large": "{path} is larger than {limit_gb} GB, which is more than an ONNX file can be.",
    "import.not_onnx": "{path} is not an ONNX model that can be imported: {reason}.",
    "import.external_elsewhere": "{path} wants to read weights from “{location}”; only those beside it are read.",
    "import.external_missing": "{path} keeps its weights in “{location}”, which is not beside it or is cut off; "
    "put both files into one folder.",
    "import.external_link": "{path} keeps its weights in “{location}”, which is a link; put a real copy beside it.",
    "import.too_deep": "{path} nests its parts deeper than {limit} levels, as no picture network does; it is refused.",
    "import.too_many_nodes": "{path} has more than {limit} operations, which no picture network needs; it is refused.",
    "import.too_many_functions": "{path} defines more than {limit} functions of its own; it is refused.",
    "import.unknown_domain": "{path} uses the operator “{operator}” of “{domain}”, which onnxruntime does not know; "
    "export it with standard ONNX operators.",
    "import.huge_tensor": "{path} states a tensor of more than {limit_gb} GB; it is refused.",
    "import.strange_input": "{path} cannot be used: the meaning of its input “{name}” is not known, because {reason}.",
    "import.not_finite": "{path} answers a picture with numbers that are none (NaN or infinite), so nothing can "
    "be shown; it may be damaged, or have been converted with too few bits.",
    "import.no_picture": "{path} gives no picture, mask or click answer, but {outputs}, so it cannot be used here.",
    "import.cannot_load": "{path} cannot be loaded: {reason}",
    "import.cannot_run": "{path} cannot be run on a picture: {reason}",
    "import.too_slow": "{path} took longer than {seconds} seconds and was stopped; it may never end, or needs a GPU.",
    "import.too_much_memory": "{path} wanted more than {limit_mb} MB of memory for a small picture and was stopped.",
    "import.crashed": "{path} made the test process crash ({reason}); nothing else was harmed. It is refused.",
    "import.unknown_key": "--set knows no “{name}”; it knows: {known}.",
    "import.bad_value": "{name} cannot be “{value}”; it can be: {known}.",
    "import.bad_choice": "These answers do not fit together: {reason}.",
    "import.other_parts": "{path} is one part of a model of several ({parts}); "
    "copy its whole folder into the model folder.",
    "import.own_wrong": "{path} brings a description of its own that does not fit its network: {reason}",
    "import.seams": "Cut into tiles as it says, it gives a picture that differs by more than {limit} levels.",
    "import.half": "{path} is one half of a model: it makes or takes numbers that only another file understands. "
    "Give the other file too: --set second=FILE.",
    "import.no_join": "{path} and {second} do not fit together: neither makes what the other takes.",
    "import.id_taken": "There is a model “{model_id}” already; remove it first, or import it "
    "under another name: --set id=…",
    "import.shipped": "“{model_id}” came with the program and cannot be removed.",
    "import.needs_answers": "Some things cannot be seen in the file. Answer with --set, "
    "or take the guesses with --yes: {questions}.",
    "verdict.own": "The file brings its own description; nothing is left to ask.",
    "verdict.task": "Kind: {task}.",
    "verdict.takes_any": "It takes pictures of any size ({order}, values {range}).",
    "verdict.takes_multiple": "It takes pictures whose sides are multiples of {multiple} ({order}, values {range}); "
    "others are filled up.",
    "verdict.takes_fixed": "It takes pictures of exactly {width} × {height} pixels ({order}, values {range}); "
    "others are fitted to that.",
    "verdict.takes_numbers": "It takes no picture, but random numbers: it invents pictures.",
    "verdict.gives_picture": "It gives a picture of the same size.",
    "verdict.gives_larger": "It gives a picture {scale} times as wide and high.",
    "verdict.gives_mask": "It gives a soft mask.",
    "verdict.gives_classes": "It gives a class for each pixel; one of them becomes the mask.",
    "verdict.gives_colour": "It gives the colours for a grey picture.",
    "verdict.gives_clicks": "It answers clicks with a mask.",
    "verdict.gives_new": "It gives new pictures of {width} × {height} pixels.",
    "verdict.tiles": "Large pictures are cut into tiles of {tile} pixels that overlap by {halo}.",
    "verdict.whole": "It has to see the whole picture at once, so large pictures need much memory.",
    "verdict.pace": "About {seconds} s a megapixel here.",
    "note.smaller_picture": "Not enough memory for the whole picture; computed at {tile} pixels and enlarged.",
    # settings
    "settings.not_saved": "The settings could not be saved to {path}: {reason}.",
    # command line
    "cli.usage": "{message}. Try: {program} --help",
    "cli.use_generate": "“{model_id}” takes no picture; use: scumble generate {model_id} OUT.",
    "cli.use_run": "“{model_id}” does not generate, it is of the kind “{task}”; use: scumble run {model_id} IN OUT.",
    "cli.no_label": "“{model_id}” has no classes, so it takes no --label.",
    "cli.cutout_needs_alpha": "{path} cannot hold the transparency of a cut-out; use PNG, WebP or TIFF.",
    "cli.bad_point": "“{text}” is not a place: a --point looks like 120,80,+ or 120,80,- "
    "and a --box like 10,10,200,150.",
    "cli.bad_jobs": "--jobs must be 1 to {limit}; {jobs} is not.",
    "cli.no_pictures": "There are no pictures in {sources}.",
    "cli.batch_overwrites": "{path} would be overwritten by its own result; choose another folder with --out.",
    "cli.bad_param": "--param must look like name=value; “{text}” does not.",
    "cli.bad_thumbnail_size": "The size of a thumbnail is {smallest} to {largest} pixels, not {size}.",
    "cli.bad_set": "--set must look like key=value; “{text}” does not.",
    # tools
    # styles that need PyTorch
    "styles.no_python": "This needs PyTorch: choose, in the preferences, the Python of an environment "
    "where the source of the program was installed with its train extra.",
    "styles.busy": "A style is being learned or painted already; wait for it or cancel it.",
    "styles.failed": "The style could not be finished: {reason}",
    "styles.picture_too_small": "The style's picture has {width} × {height} pixels; it needs {least} or more each way.",
    "styles.picture_one_color": "The style's picture has only one colour, so there is no style in it.",
    "styles.left_meanwhile": "Another picture was shown while the first of two styles was painted; both were given up.",
    "styles.no_inside": "Paint the region of the second style, or select it, first.",
    "styles.changed_meanwhile": "The picture changed its size while it was painted; the result was given up.",
    # the learned codec
    "codec.bad_suffix": "A coded picture is saved as {suffix}; {path} is not.",
    "codec.bad_rate": "The rate is 0 (smallest file) to 100 (best picture), not {rate}.",
    "codec.too_large": "A picture of {width} × {height} pixels is too large to be coded.",
    "codec.not_coded": "{path} is not a picture coded by this program.",
    "codec.newer": "{path} was coded by a newer version of this program.",
    "codec.no_codec": "“{model_id}” cannot code pictures: it has no encoder and decoder of its own.",
    "codec.none_installed": "No model that codes pictures is installed.",
    "codec.other_model": "The model that coded this picture is not installed; only exactly that one can read it.",
    # networks that learn on the picture itself
    "restoring.busy": "A network is learning on a picture already; wait for it or cancel it.",
    "restoring.failed": "The network could not learn on this picture: {reason}",
    "cli.bad_window": "--window and --level go together: a width above 0 and the value in its middle.",
    "file.no_values": "{path} holds no measured values that a window could be laid on.",
    "seamless.too_small": "{width} × {height} pixels are too few to be made seamless; {least} on each side are needed.",
    "mend.nothing_found": "No scratches or dust were found; a higher sensitivity or another width may find them.",
    "restoring.bad_part": (
        "The network can be fitted to {least} pixels in each direction up to {most} megapixels, not to {width} × "
        "{height}. Select a part of the picture."
    ),
    "restoring.nothing_to_fill": "Nothing says what is to be filled: select it, or name a mask.",
    "restoring.other_mask": "The mask {mask} has {width} × {height} pixels, the picture has another size.",
    "restoring.bad_minutes": "A network can learn for {least} to {most} minutes, not {minutes}.",
    "restoring.changed_meanwhile": "The picture changed its size or depth meanwhile; the result was given up.",
    "tool.no_document": "Open a picture first.",
    "tool.selection_empty": "“{name}” has no pixels inside the selection; select where it has some.",
    "tool.no_layer": "Choose a layer in the layers panel first.",
    "tool.alpha_locked": "The transparency of “{name}” is locked; unlock it in the layers panel first.",
    "tool.layer_hidden": "“{name}” is hidden; show it before you work on it.",
    "tool.layer_locked": "“{name}” is locked; unlock it in the layers panel first.",
    "tool.not_a_group": "“{name}” is not a group.",
    "tool.has_mask": "“{name}” has a mask already.",
    "clipboard.empty": "There is no picture in the clipboard.",
    "clipboard.nothing_visible": "Nothing is visible there, so that there is nothing to copy.",
    "clipboard.bad_picture": "The picture in the clipboard cannot be read.",
    "tool.nothing_visible": "Every layer is hidden, so that there is nothing to merge.",
    "tool.nothing_below": "There is no layer below “{name}” to merge it into.",
    "ai.no_region": "Paint the region first: choose the region brush and paint over what the model should change.",
    "ai.no_selection": "There is no selection; paint the region, or run on the whole picture.",
    "ai.region_outside": "The region lies outside the picture; paint it inside.",
    "ai.empty_layer": "“{name}” has no pixels to work on; choose another layer, or “Visible picture” as the input.",
    "object.no_model": "No model that can be pointed with is installed; import its encoder and decoder first.",
    "select.no_colors": "Choose 1 to {limit} colours first.",
    "channels.too_many": "A document keeps {limit} selections at most; delete one first.",
    "select.nothing": "Nothing is selected; select a part of the picture first.",
    "select.would_be_empty": "Nothing would be selected, so the selection stays as it is.",
    "ai.no_second": "This model needs a second picture; choose a layer or a file for it in the AI panel.",
    "ai.nothing_found": "“{model}” found nothing in the picture.",
    "live.nothing_drawn": "Nothing is drawn on “{name}” yet; draw with a dark brush, on nothing or on white paper.",
    "live.photograph": "“{name}” is a photograph or painting; drawings are dark lines on white paper or on nothing.",
    "live.no_lines": "The model that finds lines (line-art) is not installed.",
    "ai.group": "“{name}” is a group; choose a layer, or “Visible picture” as the input.",
    "tone.no_curve": "“{model}” changes this picture differently from place to place, so no curve can do the same; "
    "take the result as a layer.",
    "tone.no_curves_model": "“{model_id}” does not answer with curves; leave --layer away.",
    "cutout.nothing": "No subject was found in the picture.",
    "cutout.everything": "The whole picture was taken for the subject, so there is no background to hide.",
    "cutout.bad_background": "“{text}” is no background: it is blur, blur:1 to blur:100, "
    "gradient:white,#8090a0, a colour such as #ffffff or "
    "white, or a picture.",
    "quick.no_model": "The model “{model_id}” is not installed.",
    # removing
    "remove.empty": "Nothing is marked; paint over what shall be removed first.",
    "remove.everything": "Everything is marked, so that nothing is left to fill it with; mark less.",
    "remove.mask_size": "The mask has {width} × {height} pixels, the picture {wide} × {high}; they must be equal.",
    "remove.no_kernels": "Filling with patches needs numba, which is not installed here; choose telea instead.",
    "remove.no_network": "No network that fills holes is installed; choose patches, or import a network.",
    "remove.other_task": "“{model_id}” fills no holes; name a model of the task inpaint.",
    "remove.no_mask": "{path} has no mask: there is no picture of its name in {folder}.",
    "extend.nothing": "Nothing is to grow: give at least one side a length.",
    "extend.bad_length": "“{text}” is no length; one looks like 200, 200px or 25%.",
    "retouch.no_source": "Choose where to take pixels from first: hold Alt and click there.",
    "pattern.too_large": "{width} × {height} pixels are more than a pattern may have; select at most {limit} a side.",
    # transforming
    "transform.folded": "The frame would fold over itself; pull its corners less far.",
    "transform.too_large": "The result would be larger than {limit} pixels; choose a smaller scale.",
    "transform.nothing": "“{name}” has no pixels to transform.",
    "size.nothing_to_trim": "There is nothing to trim: the picture fills its canvas.",
    "size.nothing_given": "Nothing to do was given. Try: scumble resize --help or scumble crop --help",
    "size.network_memory": "Enlarging by this network needs {needed} GB of memory and {limit} GB are free; choose one "
    "of a smaller scale, or take a part of the picture.",
    "size.no_enlarger": "“{model_id}” does not enlarge pictures; `scumble models list` names those that do.",
    "size.bad_detail": "The detail goes from 0 to 100; {detail} is neither.",
    "size.no_detail": "Detail needs a photographic network beside “{model_id}”, and there is none of its scale.",
    "size.needs_network": "--detail and --best belong to a network; name one with --network.",
    "cli.no_inside": "“{model_id}” has no second result inside a mask; --inside is for models that repaint pictures.",
    "cli.inside_needs_mask": "--inside and --inside-style need --mask: where it is white, they hold.",
    "cli.no_best": "“{model_id}” cannot be run eight times for a mean; --best is for models that restore or enlarge.",
    "size.bad_rect": "“{text}” is no rectangle; one looks like 10,20,640x480.",
    "size.bad_angle": "A picture can be straightened by -45 to 45 degrees; {angle} is not.",
    "size.empty_crop": "The frame lies outside the picture; draw it inside.",
    "align.too_few": "Choose at least {count} layers first: Ctrl and a click in the layers panel adds one.",
    # program
    "program.defect": "Something went wrong inside the program; your picture is as it was. ({reason})",
}


class UserError(Exception):
    """An error with one clear sentence for the person at the screen: what happened and what to do.

    ``UserError("file.too_large", path=…, limit=…)``; `key` names the sentence in `MESSAGES`, `values` fill it.
    """

    def __init__(self, key: str, **values: object) -> None:
        assert key in MESSAGES, f"no sentence for {key!r}"
        self.key = key
        self.values = values
        super().__init__(MESSAGES[key].format(**values))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.key, self.values)


def _rebuild(key: str, values: dict[str, object]) -> UserError:
    return UserError(key, **values)
