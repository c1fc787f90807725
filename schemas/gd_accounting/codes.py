"""The code lists of 广东省会计信息服务平台: chapter 13 数据字典, and two out of the field tables."""

from schemas.dictionaries import load

PROFESSIONAL_COURSES = load(__package__, "professional_courses.csv", section="13.1 专业课")
PUBLIC_COURSES = load(__package__, "public_courses.csv", section="13.2 公需课")
ADMINISTRATIVE_DIVISIONS = load(__package__, "administrative_divisions.csv", section="13.3 行政区划")
EDU_TYPES = load(__package__, "edu_types.csv", section="5 继续教育类型 (PUB-公需课、PRO-专业课)")
QUALIFICATION_LEVELS = load(
    __package__, "qualification_levels.csv", section="3 专业技术资格级别 (1-初级、2-中级、3-高级、4-正高级)"
)

COURSES_OF = {"PUB": PUBLIC_COURSES, "PRO": PROFESSIONAL_COURSES}
"""Which courses belong to which eduType."""
