"""Room learning: courses are open once published, what people learned is theirs, their teachers' and their mentors'."""

from __future__ import annotations

from ..rules import REFERENCE, Asking, Row, Table, form, members, own, public, staff


def gives(course: str | None, asking: Asking) -> bool:
    row = asking.world.row("learning.courses", course)
    return row is not None and asking.me is not None and row["instructor_id"] == asking.me


def course_on_show(row: Row, asking: Asking) -> bool:
    return row["status"] != "draft" or (asking.me is not None and row["instructor_id"] == asking.me)


def of_open_course(row: Row, asking: Asking) -> bool:
    course = asking.world.row("learning.courses", row["course_id"])
    return course is not None and course_on_show(course, asking)


def assessment_on_show(row: Row, asking: Asking) -> bool:
    return row["course_id"] is None or of_open_course(row, asking)


def of_own_assessment(row: Row, asking: Asking) -> bool:
    assessment = asking.world.row("learning.assessments", row["assessment_id"])
    return assessment is not None and gives(assessment["course_id"], asking)


def own_or_graded(row: Row, asking: Asking) -> bool:
    return row["user_id"] == asking.me or of_own_assessment(row, asking)


def own_or_taught(row: Row, asking: Asking) -> bool:
    return row["user_id"] == asking.me or gives(row["course_id"], asking)


def of_enrolment(row: Row, asking: Asking) -> bool:
    enrolment = asking.world.row("learning.enrolments", row["enrolment_id"])
    return enrolment is not None and own_or_taught(enrolment, asking)


def plan_on_show(row: Row, asking: Asking) -> bool:
    return row["for_user_id"] is None or row["for_user_id"] == asking.me


def step_on_show(row: Row, asking: Asking) -> bool:
    path = asking.world.row("learning.paths", row["path_id"])
    return path is not None and plan_on_show(path, asking)


def own_or_mentee(row: Row, asking: Asking) -> bool:
    """Taking a mentor is the consent, for as long as it lasts."""
    bonds = asking.world.where("learning.mentorships", mentor_id=asking.me, mentee_id=row["user_id"])
    return row["user_id"] == asking.me or any(bond["status"] in ("active", "paused") for bond in bonds)


def graded_by_me(row: Row, asking: Asking) -> bool:
    return bool(row["graded_by"] == asking.me)


WATCHED = staff("moderator", "auditor")
GRADE = ("score", "max_score", "graded_by", "graded_at")

TABLES = {
    "courses": Table(reads=[public(course_on_show), WATCHED]),
    **dict.fromkeys(["course_skills", "modules"], Table(reads=[public(of_open_course), WATCHED])),
    "assessments": Table(reads=[members(assessment_on_show), WATCHED], secret=["items", "metadata"]),
    "attempts": Table(reads=[members(own_or_graded), WATCHED], edits=[form(members(of_own_assessment), *GRADE, check=graded_by_me)]),
    "enrolments": Table(reads=[members(own_or_taught), WATCHED]),
    "progress": Table(reads=[members(of_enrolment), WATCHED]),
    "events": Table(reads=[members(of_enrolment)]),
    "dismissals": Table(reads=[own("user_id")]),
    "certificates": Table(reads=[own("user_id"), WATCHED]),
    "mentorships": Table(reads=[own("mentor_id", "mentee_id"), WATCHED], secret=["mentor_feedback", "mentee_feedback", "metadata"]),
    "user_skills": Table(reads=[members(own_or_mentee), WATCHED]),
    "paths": Table(reads=[public(plan_on_show), WATCHED]),
    "path_steps": Table(reads=[public(step_on_show), WATCHED]),
    **dict.fromkeys(["certifications", "skill_edges", "skills"], REFERENCE),
}
