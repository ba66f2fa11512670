"""For each tool the test that uses it with a simulated pointer in the real window and looks at pixels afterwards."""

from __future__ import annotations

from desktop.ui.state import Tool

TEST_OF_TOOL: dict[Tool, str] = {
    Tool.MOVE: "test_painting.py::test_the_move_tool_moves_the_layer_with_the_pointer",
    Tool.BRUSH: "test_painting.py::test_a_brush_stroke_shows_on_the_canvas_and_undo_takes_it_away",
    Tool.ERASER: "test_painting.py::test_the_eraser_makes_transparent_and_keeps_the_colour_beneath",
    Tool.MASK: "test_painting.py::test_the_mask_brush_hides_and_reveals",
    Tool.REGION: "test_ai.py::test_the_result_lands_under_the_painted_mask_and_undo_takes_it_away",
    Tool.GRADIENT: "test_filling.py::test_a_gradient_follows_the_drag_and_is_one_step",
    Tool.FILL: "test_filling.py::test_the_bucket_fills_what_is_alike_as_one_step",
    Tool.PICKER: "test_painting.py::test_the_picker_takes_the_colour_under_the_pointer",
    Tool.OBJECT: "test_object_tool.py::test_a_click_selects_the_object_as_one_entry",
    Tool.STAMP: "test_generate.py::TestStamps::test_a_stroke_scatters_pictures_of_different_seeds_as_one_entry",
    Tool.TEXT: "test_made_layers.py::test_letters_of_a_turned_text_are_changed_where_they_lie",
    Tool.SHAPE: "test_shapes.py::test_a_drag_draws_a_rectangle_that_is_sharp_and_one_step",
    Tool.TRANSFORM: "test_transforming.py::test_a_corner_scales_and_enter_keeps_it_as_one_step",
    Tool.CROP: "test_transforming.py::test_a_drawn_frame_crops",
    Tool.CLONE: "test_retouching.py::test_clone_copies_pixels_from_the_source",
    Tool.HEAL: "test_retouching.py::test_healing_a_spot_needs_no_source",
    Tool.REMOVE: "test_retouching.py::test_painting_with_the_remove_tool_fills_at_the_release",
    Tool.REFINE: "test_refine_edge.py::test_hair_comes_back_on_the_screen_as_one_entry",
    Tool.SMUDGE: "test_retouching.py::test_smudge_draws_paint_along",
    Tool.FOCUS: "test_retouching.py::test_blur_and_sharpen_change_the_grain",
    Tool.TONE: "test_retouching.py::test_dodge_burn_and_sponge",
    Tool.RECTANGLE: "test_selecting.py::test_a_rectangle_is_dragged_and_limits_the_brush",
    Tool.ELLIPSE: "test_pointer_tools.py::test_an_ellipse_limits_a_fill_to_its_inside_with_a_soft_rim",
    Tool.LASSO: "test_selecting.py::test_a_lasso_goes_around",
    Tool.POLYGON: "test_selecting.py::test_a_polygon_is_clicked_corrected_and_closed",
    Tool.MAGNETIC: "test_color_range_and_magnetic.py::test_the_magnetic_lasso_follows_an_edge_between_clicks",
    Tool.WAND: "test_selecting.py::test_the_wand_takes_what_is_alike",
    Tool.HAND: "test_pointer_tools.py::test_the_hand_moves_the_view_and_no_pixel_of_the_picture",
    Tool.ZOOM: "test_pointer_tools.py::test_the_zoom_tool_enlarges_around_the_pointer",
}
